"""Reference values for sealing and Fernet, made by Python's cryptography package.

  privacy_values.py fernet    tokens for test/unit/fernet_python.h and test/regress/sql/privacy_fernet.sql
  privacy_values.py open KEY  read tokens from standard input, one a line, and print what they say

Recorded with cryptography 38.0.4 (Debian 12, python3-cryptography), Python 3.11.  The keys are fixed
texts; the IVs are random, so a second run gives other tokens that say the same.
"""
import base64
import hashlib
import sys

from cryptography.fernet import Fernet

MESSAGES = ["", "a", "hello", "fifteen bytes..", "sixteen bytes...", "seventeen bytes..", "Grüße aus Köln €", "x" * 100, "line one\\nline two"]


def main():
    if sys.argv[1] == "open":
        fernet = Fernet(sys.argv[2].encode())
        for line in sys.stdin:
            print(fernet.decrypt(line.strip().encode()).decode())
        return
    for i, message in enumerate(MESSAGES):
        key = base64.urlsafe_b64encode(hashlib.sha256(b"sustainml test key %d" % i).digest())
        token = Fernet(key).encrypt_at_time(message.encode(), 1700000000)
        print('\t{"%s",\n\t "%s",\n\t "%s"},' % (key.decode(), token.decode(), message.replace("\\", "\\\\")))


main()
