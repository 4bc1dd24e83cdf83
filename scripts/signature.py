#!/usr/bin/env python3
"""Makes a key that signs extension files for a repository of your own (DuckDB 2.0), or signs a file with it.

A signature is RSA-2048, PKCS #1 v1.5, of the SHA-256 of this: the SHA-256 of
each MiB of the file, one after the other. It stands in the file's last 256
bytes, which are no part of what is signed.

Needs `cryptography` (test/requirements/signing.txt); Python itself has no RSA.
"""
import argparse
import hashlib
import os
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key,
)  # fmt: skip
from footer import SIGNATURE

SEGMENT = 1 << 20
BITS = SIGNATURE * 8


def signed(extension: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """The file with its signature in the place of the one that it has."""
    content = extension[:-SIGNATURE]
    digests = [hashlib.sha256(content[at : at + SEGMENT]).digest() for at in range(0, len(content), SEGMENT)]
    return content + key.sign(b"".join(digests), padding.PKCS1v15(), hashes.SHA256())


def load(path: pathlib.Path) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, TypeError, ValueError) as error:
        raise SystemExit(f"{path}: no private key that can be used: {error}") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != BITS:
        raise SystemExit(f"{path}: DuckDB takes RSA keys of {BITS} bits only; `make key KEY=...` makes one")
    return key


def public(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a private key.")
    parser.add_argument("path", type=pathlib.Path, help="where to; an existing file is left alone")
    path = parser.parse_args().path
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    try:
        # Nobody else may read it, from the first moment on.
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode=0o600)) as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except FileExistsError:
        raise SystemExit(f"{path} exists; a key that was published is not replaced") from None
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}") from None
    print(f"{path}: keep it to yourself, and keep it: users who trust this key need new files to be signed with it")


if __name__ == "__main__":
    main()
