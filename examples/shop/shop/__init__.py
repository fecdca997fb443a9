"""Prices and orders of a very small shop."""
