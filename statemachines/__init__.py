"""The workflows in Amazon States Language, and the code that renders, checks and draws them."""
