"""GitHub as the product sees it: REST through PyGithub, and the signature of its webhooks."""
