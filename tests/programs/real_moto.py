"""moto's server, with clusters that have an address and an issuer of their own: moto gives all of them the same."""
import sys

from moto.eks import models
from moto.server import main


class Cluster(models.Cluster):
    def __init__(self, name, *arguments, **named):
        super().__init__(name, *arguments, **named)
        self.endpoint = f"https://{name}.gr7.us-east-1.eks.amazonaws.com"
        self.identity = {"oidc": {"issuer": f"https://oidc.eks.us-east-1.amazonaws.com/id/{name.upper()}"}}


models.Cluster = Cluster
main(sys.argv[1:])
