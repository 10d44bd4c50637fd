"""How networks on group arithmetic are trained: losses, starts, rules of a step, and the loop."""
