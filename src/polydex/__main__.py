"""``python -m polydex`` is the command ``polydex``."""

from polydex.cli import main

if __name__ == "__main__":
    main()
