"""What tests of the rater's room share: a live server, and a crawler."""
