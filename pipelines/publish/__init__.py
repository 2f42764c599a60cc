"""Writes what others read of a snapshot: dataset card, attribution, histograms, and files for trainers."""
