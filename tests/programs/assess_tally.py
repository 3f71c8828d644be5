"""What the scripts that try `assess` count, and how they end."""
import sys

passed = failed = 0


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED {name}: {detail}"[:1500], file=sys.stderr)


def tell():
    print(f"{passed} passed, {failed} failed")
