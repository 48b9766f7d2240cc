"""For each law a smallest target that breaks it and no other, and one that keeps it."""
