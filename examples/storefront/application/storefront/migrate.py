"""`python -m storefront.migrate`: bring the database to what this version needs."""

from storefront.store import opened

if __name__ == "__main__":
    with opened() as store:
        print(f"{store.migrate()} migrations applied")
