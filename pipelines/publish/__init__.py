"""What others read of a snapshot: its card, attribution and pictures, and files for trainers."""
