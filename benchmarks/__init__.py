"""What is promised about speed and cost, measured against another way to do the same in one run."""
