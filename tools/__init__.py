"""What only this repository needs: reference pages and its own security gate."""
