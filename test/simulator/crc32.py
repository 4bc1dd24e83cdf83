"""Computes the CRC-32 of two joined texts from the CRC-32 of each, which Python's zlib module cannot.

With it the parts of a gzip body can be deflated once and put together in any order and number.
"""

from functools import lru_cache

POLYNOMIAL = 0xEDB88320  # CRC-32's, its bits reflected: the highest bit is the coefficient of x^0
ONE = 1 << 31
X = 1 << 30


def combine(first: int, second: int, second_size: int) -> int:
    """The CRC-32 of a text of CRC `first` followed by one of CRC `second` that is `second_size` bytes long."""
    return _multiply(_shift(second_size), first) ^ second


@lru_cache(maxsize=4096)
def _shift(size: int) -> int:
    """x^(8 * size): what appending `size` zero bytes multiplies a CRC by."""
    power = _multiply(X, X)  # x^2, x^4, x^8 by squaring: a byte is eight bits
    power = _multiply(power, power)
    power = _multiply(power, power)
    product = ONE
    while size:
        if size & 1:
            product = _multiply(power, product)
        power = _multiply(power, power)
        size >>= 1
    return product


def _multiply(a: int, b: int) -> int:
    """The product of two polynomials over GF(2), modulo CRC-32's."""
    product = 0
    bit = ONE
    while bit:
        if a & bit:
            product ^= b
        b = b >> 1 ^ POLYNOMIAL if b & 1 else b >> 1
        bit >>= 1
    return product
