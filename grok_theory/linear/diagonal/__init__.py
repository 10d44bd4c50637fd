"""Diagonal networks, w_j = u_j^2 - v_j^2, under weight decay: grokking by a change of implicit bias."""
