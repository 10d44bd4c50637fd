"""The mathematics shared by all wings: arrays in, numbers out. Knows no Problem."""
