"""Adapters to AWS and GitHub: each class has one client and one concern, and declares its settings and permissions."""
