"""Runs the cases of signin_aws.py and signin_kube.py side by side and counts.
usage: signin.py AGENT WORK [CASE…]"""
import sys

import signin_aws
import signin_kube
import signin_world as world

only = sys.argv[3:]
signin_aws.run(only)
signin_kube.run(only)
print(f"{world.passed} passed, {world.failed} failed")
sys.exit(world.failed > 0 or world.passed == 0)
