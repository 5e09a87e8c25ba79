"""What a stack of 50 repositories needs and keeps: counted figures, and a simulation over the clock."""
