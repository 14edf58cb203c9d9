"""What a check of a pass costs, and how soon a kicked-out user is out."""
