"""What the data are: readers, packed graphs, splits and the data guard."""
