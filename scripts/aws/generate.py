#!/usr/bin/env python3
"""Writes src/aws/operations.h and src/aws/operations_data.c from botocore's service models.

    python3 -m venv build/venv && build/venv/bin/pip install botocore
    build/venv/bin/python scripts/aws/generate.py

The operations are those of operations.txt. All tables are numbers and offsets into one pool of text, so that the program
loads them without a single relocation. Endpoints are what botocore's rule sets say for every region; only what differs
from PREFIX.REGION.SUFFIX becomes a row.
"""
import collections
import pathlib
import sys

import botocore
import botocore.endpoint_provider
import botocore.loaders

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "src" / "aws"
PROTOCOLS = {"rest-json": "AWS_REST_JSON", "json": "AWS_JSON", "query": "AWS_QUERY", "ec2": "AWS_EC2", "rest-xml": "AWS_REST_XML"}
READS = ("Describe", "List", "Get", "Head", "Search", "Simulate", "Detect", "BatchDetect", "BatchGet", "Query", "Scan",
         "Filter", "Test", "AssumeRole", "InvokeModel", "Converse", "StartQuery", "StopQuery")
# Mutations that set what they name and say so again: to send one twice is to send it once.
REPEATABLE = {"TagResource", "UntagResource", "CreateTags", "SetDesiredCapacity", "UpdateAutoScalingGroup", "SuspendProcesses",
              "ResumeProcesses", "ModifyListener", "ModifyRule", "ModifyLoadBalancerAttributes", "UpdateAssumeRolePolicy", "PutRule",
              "PutTargets", "RemoveTargets", "PutObject", "DeleteObject", "SendTaskHeartbeat", "AssociateAccessPolicy",
              "DisassociateAccessPolicy", "CreateToken"}
C_NAMES = {"bedrock-runtime": "bedrock", "service-quotas": "servicequotas", "stepfunctions": "states", "sso-oidc": "ssooidc"}
# What stands before the colon in IAM policies, where it is not the name that signatures use.
IAM_PREFIXES = {"cloudwatch": "cloudwatch"}
KINDS = {"structure": "AWS_STRUCTURE", "list": "AWS_LIST", "map": "AWS_MAP", "string": "AWS_STRING", "integer": "AWS_INTEGER",
         "long": "AWS_INTEGER", "float": "AWS_NUMBER", "double": "AWS_NUMBER", "boolean": "AWS_BOOLEAN",
         "timestamp": "AWS_TIMESTAMP", "blob": "AWS_BLOB", "character": "AWS_STRING", "bigdecimal": "AWS_NUMBER"}
LOCATIONS = {None: "AWS_BODY", "uri": "AWS_URI", "querystring": "AWS_QUERYSTRING", "header": "AWS_HEADER",
             "headers": "AWS_HEADERS", "statusCode": "AWS_STATUS"}
TIMES = {None: "AWS_TIME_DEFAULT", "iso8601": "AWS_TIME_ISO8601", "rfc822": "AWS_TIME_HTTP", "unixTimestamp": "AWS_TIME_UNIX"}


class Pool:
    """Text, each string once; offset 0 is the empty string."""

    def __init__(self):
        self.offsets, self.parts, self.size = {"": 0}, [""], 1

    def at(self, text):
        text = text or ""
        if text not in self.offsets:
            self.offsets[text] = self.size
            self.parts.append(text)
            self.size += len(text.encode()) + 1
        return self.offsets[text]


def protocol_of(metadata):
    offered = metadata.get("protocols", [metadata["protocol"]])
    for protocol in ("query", "ec2", "rest-json", "rest-xml", "json"):
        if protocol in offered:
            return protocol
    sys.exit(f"no protocol that we speak: {offered}")


def speaks_elements(model):
    return protocol_of(model["metadata"]) in ("query", "ec2", "rest-xml")


def refuse(name, what):
    sys.exit(f"{name}: {what}: no row has had it so far, src/aws does not speak it")


class Tables:
    def __init__(self):
        self.pool, self.shapes, self.members = Pool(), [], []
        self.by_content, self.pending = {}, {}

    def shape(self, model, name, stack):
        """Index of a shape; equal shapes of all services are one. Recursion is a forward reference."""
        key = (id(model), name)
        if key in self.pending:
            return self.pending[key]
        shape = model["shapes"][name]
        index = len(self.shapes)
        self.shapes.append(None)
        self.pending[key] = index
        kind = shape["type"]
        first, count, element, element_name = 0, 0, 0, ""
        if kind == "structure":
            rows = []
            for member, ref in shape.get("members", {}).items():
                rows.append(self.member(model, shape, member, ref, stack))
            first, count = len(self.members), len(rows)
            self.members += rows
        elif kind == "list":
            element = self.shape(model, shape["member"]["shape"], stack)
            element_name = shape["member"].get("locationName", "")
        elif kind == "map":
            element = self.shape(model, shape["value"]["shape"], stack)
            if speaks_elements(model) and (shape.get("flattened") or shape["key"].get("locationName") or
                                           shape["value"].get("locationName")):
                refuse(name, "a map whose entries are called otherwise than entry, key and value")
        flags = (1 if shape.get("flattened") else 0) | (2 if shape.get("document") else 0)
        self.shapes[index] = (KINDS[kind], flags, TIMES[shape.get("timestampFormat")], first, count, element,
                              self.pool.at(element_name), self.pool.at(shape.get("payload", "")))
        return index

    def member(self, model, owner, name, ref, stack):
        target = model["shapes"][ref["shape"]]
        wire = ref.get("locationName") or (target.get("locationName") if owner is None else None) or name
        query_name = ref.get("queryName", "")
        flags = 0
        flags |= 1 if name in owner.get("required", []) else 0
        flags |= 2 if ref.get("idempotencyToken") else 0
        flags |= 4 if ref.get("flattened") or target.get("flattened") else 0
        flags |= 8 if target.get("sensitive") or ref.get("sensitive") else 0
        flags |= 16 if "locationName" in ref else 0
        if speaks_elements(model) and (ref.get("xmlAttribute") or ref.get("xmlNamespace") or target.get("xmlNamespace")):
            refuse(name, "an attribute, or a namespace of a member")
        if ref.get("flattened") and target["type"] == "map":
            refuse(name, "a map without entries")
        time = ref.get("timestampFormat")
        return (self.pool.at(name), self.pool.at(wire), self.pool.at(query_name), self.shape(model, ref["shape"], stack),
                LOCATIONS[ref.get("location")], flags, TIMES[time])


def fits(rule, url, signing, region):
    return rule[0].replace("{r}", region) == url and (rule[1] or region) == signing


def endpoints_of(loader, service, prefix):
    """{(partition, region or "", template, signing region or ""): [variants]}; a variant is 1 FIPS + 2 dual stack."""
    partitions = loader.load_data("partitions")
    provider = botocore.endpoint_provider.EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    rows = {}
    for partition in partitions["partitions"]:
        suffixes = ((partition["outputs"]["dualStackDnsSuffix"], "{D}"), (partition["outputs"]["dnsSuffix"], "{d}"))
        regions = [region for region in partition["regions"] if not region.endswith("-global")]
        for variant in range(4):
            found = {}
            for region in regions:
                parameters = {"Region": region, "UseFIPS": bool(variant & 1), "UseDualStack": bool(variant & 2)}
                if service in ("sts", "s3"):
                    parameters["UseGlobalEndpoint"] = False
                if service == "s3":
                    parameters.update(Bucket="bucket", ForcePathStyle=True, Accelerate=False, DisableMultiRegionAccessPoints=False)
                try:
                    endpoint = provider.resolve_endpoint(**parameters)
                except botocore.exceptions.BotoCoreError:
                    continue
                schemes = (endpoint.properties or {}).get("authSchemes") or [{}]
                host = endpoint.url.removeprefix("https://").removesuffix("/bucket")
                for suffix, mark in suffixes:
                    if host.endswith("." + suffix):
                        host = host[:-len(suffix)] + mark
                        break
                found[region] = (host, schemes[0].get("signingRegion") or region)
            if not found:
                continue
            usual = (f"{prefix}{'-fips' if variant & 1 else ''}.{{r}}.{'{D}' if variant & 2 else '{d}'}", "")
            votes = collections.Counter()
            for region, (host, signing) in found.items():
                votes[(host.replace("." + region + ".", ".{r}."), "" if signing == region else signing)] += 1
                votes[(host, signing)] += 1
            most = usual if all(fits(usual, *answer, region) for region, answer in found.items()) else votes.most_common(1)[0][0]
            if most != usual:
                rows.setdefault((partition["id"], "", *most), []).append(variant)
            for region, answer in found.items():
                if not fits(most, *answer, region):
                    rows.setdefault((partition["id"], region, *answer), []).append(variant)
    return rows


def fault_rules(model, operations):
    """What the model says of its errors: {code: kind}. One that is not to be retried is not retried for a status of 429."""
    rules = {}
    for name in operations:
        for error in model["operations"][name].get("errors", []):
            shape = model["shapes"][error["shape"]]
            code = shape.get("error", {}).get("code") or error["shape"]
            if "retryable" in shape:
                rules[code] = "AWS_RETRY_THROTTLING" if shape["retryable"].get("throttling") else "AWS_RETRY_TRANSIENT"
            else:
                rules.setdefault(code, "AWS_RETRY_NOT")
    return rules


def pager_of(pagers, operation):
    pager = pagers.get(operation)
    if not pager:
        return "", "", "", "", ""
    join = lambda value: ",".join(value) if isinstance(value, list) else (value or "")
    return join(pager["input_token"]), join(pager["output_token"]), join(pager["result_key"]), pager.get("more_results", ""), \
        join(pager.get("non_aggregate_keys", []))


def main():
    loader, tables = botocore.loaders.Loader(), Tables()
    services, operations, header, endpoints, faults = [], [], [], [], []
    partitions = loader.load_data("partitions")["partitions"]
    partition_numbers = {partition["id"]: number for number, partition in enumerate(partitions)}
    for line in (HERE / "operations.txt").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        service, *names = line.split()
        model = loader.load_service_model(service, "service-2")
        metadata = model["metadata"]
        try:
            pagers = loader.load_service_model(service, "paginators-1")["pagination"]
        except botocore.exceptions.UnknownServiceError:
            pagers = {}
        c_name = C_NAMES.get(service, service)
        protocol = protocol_of(metadata)
        services.append((tables.pool.at(c_name), tables.pool.at(metadata.get("signingName") or metadata["endpointPrefix"]),
                         tables.pool.at(metadata["endpointPrefix"]), tables.pool.at(metadata.get("targetPrefix", "")),
                         tables.pool.at(metadata.get("jsonVersion", "1.0")), tables.pool.at(metadata["apiVersion"]),
                         tables.pool.at(metadata.get("serviceId", "").replace(" ", "_").upper()), PROTOCOLS[protocol],
                         tables.pool.at(IAM_PREFIXES.get(service, metadata.get("signingName") or metadata["endpointPrefix"])),
                         len(operations), len(names)))
        for (partition, region, template, signing), variants in endpoints_of(loader, service, metadata["endpointPrefix"]).items():
            endpoints.append((len(services) - 1, partition_numbers[partition], sum(1 << variant for variant in variants),
                              tables.pool.at(region), tables.pool.at(template), tables.pool.at(signing)))
        for code, kind in sorted(fault_rules(model, names).items()):
            faults.append((len(services) - 1, kind, tables.pool.at(code)))
        for name in sorted(names):
            operation = model["operations"].get(name)
            if not operation:
                sys.exit(f"{service} has no operation {name} in botocore {botocore.__version__}")
            empty = 0
            given = operation.get("input")
            taken = operation.get("output")
            request = tables.shape(model, given["shape"], []) + 1 if given else empty
            answer = tables.shape(model, taken["shape"], []) + 1 if taken else empty
            http = operation["http"]
            mutates = not name.startswith(READS)
            flags = (1 if mutates else 0) | (2 if operation.get("authtype") == "none" else 0) | \
                    (4 if operation.get("auth") == ["smithy.api#noAuth"] else 0) | (8 if mutates and name in REPEATABLE else 0)
            wrapper = (taken or {}).get("resultWrapper", "")
            root = (given or {}).get("locationName", "")
            root_namespace = (given or {}).get("xmlNamespace", {}).get("uri", "")
            pager = pager_of(pagers, name)
            header.append((c_name, name, len(operations)))
            operations.append((tables.pool.at(name), len(services) - 1, tables.pool.at(http["method"]), tables.pool.at(http["requestUri"]),
                               request, answer, flags, http.get("responseCode", 200), tables.pool.at(wrapper), tables.pool.at(root),
                               tables.pool.at(root_namespace), *[tables.pool.at(part) for part in pager]))
    write_header(header)
    # rows of one region stand before those of all
    endpoints.sort(key=lambda row: (row[0], row[3] == 0))
    write_data(tables, services, operations, endpoints, faults,
               [(tables.pool.at(region_prefix(partition)), tables.pool.at(partition["outputs"]["dnsSuffix"]),
                 tables.pool.at(partition["outputs"]["dualStackDnsSuffix"]))
                for partition in partitions])
    print(f"{len(operations)} operations, {len(tables.shapes)} shapes, {len(tables.members)} members, "
          f"{tables.pool.size} bytes of names, botocore {botocore.__version__}")


def region_prefix(partition):
    """"us-gov-" of "^us\\-gov\\-\\w+\\-\\d+$"; "" for the partition with many."""
    if partition["id"] == "aws":
        return ""
    prefix = partition["regionRegex"].lstrip("^").replace("\\-", "-").replace("(de)-", "").split("\\w")[0]
    if not all(region.startswith(prefix) or region.endswith("-global") for region in partition["regions"]):
        sys.exit(f"{partition['id']}: \"{prefix}\" is not how its regions begin")
    return prefix


GENERATED = "/* Generated by scripts/aws/generate.py from botocore %s. Do not edit. */\n" % botocore.__version__


def write_header(header):
    lines = [GENERATED, "#pragma once\n\n#include \"aws/tables.h\"\n\n"]
    lines += [f"#define aws_{service}_{name} (aws_operations[{index}])\n" for service, name, index in header]
    (OUT / "operations.h").write_text("".join(lines))


def rows(name, kind, items):
    body = "".join("\t{%s},\n" % ", ".join(str(value) for value in item) for item in items)
    return f"const struct {kind} {name}[] = {{\n{body}}};\nconst unsigned {name}_n = {len(items)};\n\n"


def write_data(tables, services, operations, endpoints, faults, partitions):
    out = [GENERATED, "#include \"aws/tables.h\"\n\n// clang-format off\n"]
    out.append("const char aws_names[] =\n")
    line = ""
    for part in tables.pool.parts:
        line += part.replace("\\", "\\\\").replace('"', '\\"') + "\\000"
        if len(line) > 100:
            out.append(f'\t"{line}"\n')
            line = ""
    out.append(f'\t"{line}";\n\n')
    out.append(rows("aws_services", "aws_service", services))
    out.append(rows("aws_shapes", "aws_shape", tables.shapes))
    out.append(rows("aws_members", "aws_member", tables.members))
    out.append(rows("aws_operations", "aws_operation", operations))
    out.append(rows("aws_partitions", "aws_partition", partitions))
    out.append(rows("aws_endpoint_rules", "aws_endpoint_rule", endpoints))
    out.append(rows("aws_fault_rules", "aws_fault_rule", faults))
    (OUT / "operations_data.c").write_text("".join(out))


if __name__ == "__main__":
    main()
