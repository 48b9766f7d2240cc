"""The gate proves itself: each known defect is planted, and has to be noticed."""
