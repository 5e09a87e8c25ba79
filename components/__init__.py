"""The Pulumi components of the platform: one idea each, put together by `__main__.py`."""
