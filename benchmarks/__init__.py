"""What the project promises about speed and cost, measured as ratios: two ways side by side, in one run."""
