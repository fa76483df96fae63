"""The formats of checkpoints, one module for each.

A module has `NAME`; `recognise`, which says whether the tensors alone show that format; and
`plan`, which says what to make of them or refuses.
"""
