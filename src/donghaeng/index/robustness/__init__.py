"""How far the choices of the method drive an index: replications, intervals, sensitivity."""
