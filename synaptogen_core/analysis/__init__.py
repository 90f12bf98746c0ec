"""From data to numbers: estimates from a Dataset, each with its uncertainty, and the model's exact values beside."""
