"""The users of the simulator ask the mock server's Route 53: whatever its records say is carried over, again and again.

usage: real_users.py MOCK-URL SIMULATOR-URL ZONE
"""
import sys
import time

import boto3


def client(url):
    return boto3.client("route53", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key="test")


def zone_of(route53, name):
    zones = route53.list_hosted_zones()["HostedZones"]
    return next(zone["Id"] for zone in zones if zone["Name"] == name)


def records_of(route53, zone):
    sets = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(s["Name"], s["Type"], s.get("SetIdentifier", "")): s for s in sets if s["Type"] in ("A", "AAAA", "CNAME")}


def changes(before, after):
    gone = [{"Action": "DELETE", "ResourceRecordSet": before[key]} for key in before if key not in after]
    new = [{"Action": "UPSERT", "ResourceRecordSet": s} for key, s in after.items() if before.get(key) != s]
    return gone + new


def main():
    mock, simulator = client(sys.argv[1]), client(sys.argv[2])
    from_zone, to_zone = zone_of(mock, sys.argv[3]), zone_of(simulator, sys.argv[3])
    known = records_of(simulator, to_zone)
    while True:
        wanted = records_of(mock, from_zone)
        batch = changes(known, wanted)
        if batch:
            simulator.change_resource_record_sets(HostedZoneId=to_zone, ChangeBatch={"Changes": batch})
        known = wanted  # not what the simulator shows: it writes the dot at a name's end
        time.sleep(0.3)


main()
