"""moto's server, with clusters whose API servers are the simulator's doors: moto has no Kubernetes, and gives all clusters
one made-up address and one issuer.

usage: real_moto.py SIMULATOR-URL [MOTO-SERVER-ARGUMENTS]
"""
import sys

from moto.eks import models
from moto.server import main

simulator = sys.argv[1]


class Cluster(models.Cluster):
    def __init__(self, name, *arguments, **named):
        super().__init__(name, *arguments, **named)
        self.endpoint = f"{simulator}/clusters/{name}"
        self.identity = {"oidc": {"issuer": f"https://oidc.eks.us-east-1.amazonaws.com/id/{name.upper()}"}}
        self.certificate_authority = {}


models.Cluster = Cluster
main(sys.argv[2:])
