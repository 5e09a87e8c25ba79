"""The storefront: an API, a website, and two workers that share a database."""
