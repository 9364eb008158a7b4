"""The code that goes into a folder for Hugging Face's transformers, which loads it from there (trust_remote_code).

With the modules of `impasto.nets`, whose imports are made relative, it needs torch and transformers, and not Impasto.
"""
