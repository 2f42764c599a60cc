"""What every row looks like. Imports nothing of ours."""
