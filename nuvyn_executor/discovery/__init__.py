"""From a listing to datasets."""
