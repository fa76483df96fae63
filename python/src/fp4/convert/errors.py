"""The one exception of the converter."""


class ConversionError(Exception):
    """A checkpoint, or a part of it, that cannot be converted.

    The message names the file and the tensor, what was expected and what was found.
    """
