"""The edges of the product: each class is given its client and knows one AWS or GitHub thing."""
