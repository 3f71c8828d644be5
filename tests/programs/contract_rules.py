"""Rules that the client keeps, against botocore's own: endpoints of every service in every region, retries and their
quota, the adaptive rate, the shared files.

usage: contract_rules.py SPEAKER [SEED]; ends with "N passed, N failed"
"""
import os
import random
import sys
import tempfile

import botocore.configloader
import botocore.endpoint_provider
import botocore.exceptions
import botocore.loaders
import botocore.model
from botocore.awsrequest import AWSResponse
from botocore.retries import adaptive, bucket, quota, standard, throttling

from contract_wire import FROM_C_NAME, Score, Speaker


def check_endpoints(score, speaker, services):
    loader = botocore.loaders.Loader()
    partitions = loader.load_data("partitions")
    regions = [region for partition in partitions["partitions"] for region in partition["regions"] if not region.endswith("-global")]
    ours = {(region, variant): speaker.ask("endpoints", region=region, variant=variant)["hosts"]
            for region in regions + ["us-east-99", "cn-west-9"] for variant in range(4)}
    for service in services:
        name = FROM_C_NAME.get(service, service)
        provider = botocore.endpoint_provider.EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1"), partitions)
        for (region, variant), hosts in ours.items():
            parameters = {"Region": region, "UseFIPS": bool(variant & 1), "UseDualStack": bool(variant & 2)}
            if name in ("sts", "s3"):
                parameters["UseGlobalEndpoint"] = False
            if name == "s3":
                parameters.update(Bucket="b", ForcePathStyle=True, Accelerate=False, DisableMultiRegionAccessPoints=False)
            try:
                endpoint = provider.resolve_endpoint(**parameters)
            except botocore.exceptions.BotoCoreError:
                continue  # a combination that is not offered
            schemes = (endpoint.properties or {}).get("authSchemes") or [{}]
            wanted = [endpoint.url.removeprefix("https://").removesuffix("/b"), schemes[0].get("signingRegion") or region]
            score.check(f"endpoint of {service} in {region}, variant {variant}", hosts[service], wanted)


class TheirRetries:
    def __init__(self, model, service, operation):
        self.detector = standard.ThrottlingErrorDetector(standard.RetryEventAdapter())
        self.bucket = quota.RetryQuota(500)
        self.quota = standard.RetryQuotaChecker(self.bucket, self.detector)
        self.conditions = standard.StandardRetryConditions(max_attempts=4 if service == "dynamodb" else 3)
        self.operation = model.operation_model(operation)
        self.chance = 0
        self.backoff = standard.ExponentialBackoff(random=lambda: self.chance, service_name=service, throttling_detector=self.detector)

    def call(self, answers):
        said, request_context = [], {}
        for attempt, answer in enumerate(answers, 1):
            self.chance = answer["chance"]
            headers = {"x-amz-retry-after": answer["hint"]} if "hint" in answer else {}
            response = AWSResponse("https://h", answer["status"], headers, None)
            parsed = {"Error": {"Code": answer["code"]}} if "code" in answer else {}
            context = standard.RetryContext(attempt_number=attempt, operation_model=self.operation, http_response=response,
                                            parsed_response=parsed, request_context=request_context)
            again, delay = False, -1
            if answer["status"] == 200:
                self.quota.release_retry_quota(request_context, response)
            elif self.conditions.is_retryable(context) and self.quota.acquire_retry_quota(context):
                again, delay = True, self.backoff.delay_amount(context) * 1000
            said.append((again, delay, self.bucket.available_capacity))
            if not again:
                break
        return said


CODES = ["Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "TooManyRequestsException",
         "ProvisionedThroughputExceededException", "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
         "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException", "RequestTimeout",
         "RequestTimeoutException", "AccessDeniedException", "ValidationException", "ResourceNotFoundException", "InternalServerError",
         "ServerException", "ModelNotReadyException", "ModelTimeoutException", "ServiceQuotaExceededException", "EC2Unexpected"]


def check_retries(score, speaker, services, rng):
    loader = botocore.loaders.Loader()
    rows = speaker.ask("rows")["rows"]
    models = {service: botocore.model.ServiceModel(loader.load_service_model(FROM_C_NAME.get(service, service), "service-2"))
              for service in services}
    for _ in range(400):
        row = rng.choice(rows)
        model = models[row["service"]]
        modelled = [shape.metadata.get("error", {}).get("code") or shape.name for shape in model.operation_model(row["operation"]).error_shapes]
        calls = []
        for _ in range(rng.randrange(1, 60)):
            answers = []
            for _ in range(5):
                answer = {"status": rng.choice([400, 429, 500, 502, 503, 504, 501, 403, 200]), "chance": rng.choice([0, 0.25, 0.5, 0.999])}
                if answer["status"] != 200 and rng.random() < 0.7:
                    answer["code"] = rng.choice(CODES + modelled)
                    if answer["status"] == 429 and answer["code"] not in CODES[:16] + modelled:
                        answer["status"] = 400  # another operation's error: our tables know services, not operations
                if rng.random() < 0.3:
                    answer["hint"] = rng.choice(["0", "1500", "10000", "soon", "-7", "250"])
                answers.append(answer)
            calls.append(answers)
        theirs = TheirRetries(model, FROM_C_NAME.get(row["service"], row["service"]), row["operation"])
        wanted = [said for answers in calls for said in theirs.call(answers)]
        given = speaker.ask("retries", service=row["service"], operation=row["operation"], calls=calls)["said"]
        wrong = [number for number, (ours, said) in enumerate(zip(given, wanted))
                 if ours[0] != said[0] or ours[2] != said[2] or abs(ours[1] - said[1]) > 0.51]
        first = wrong[0] if wrong else len(wanted)
        asked = [answer for answers, said in zip(calls, lengths(calls, wanted)) for answer in answers[:said]]
        score.check(f"retries of {row['service']}:{row['operation']}", (given[first:first + 2], len(given)) if wrong else len(given),
                    (wanted[first:first + 2], len(wanted)) if wrong else len(wanted), asked[first:first + 1])


def lengths(calls, said):
    """How many answers of each call were looked at."""
    counts, at = [], 0
    for answers in calls:
        start = at
        while at < len(said) and said[at][0] and at - start < len(answers) - 1:
            at += 1
        at += 1
        counts.append(at - start)
    return counts


class TheirClock:
    def __init__(self):
        self.now = 0

    def current_time(self):
        return self.now


def check_rates(score, speaker, rng):
    for _ in range(100):
        clock, events = TheirClock(), []
        start = rng.randrange(0, 5000) / 7
        clock.now = start
        cubic = throttling.CubicCalculator(starting_max_rate=0, start_time=clock.now)
        tokens, clocker = bucket.TokenBucket(max_rate=1, clock=clock), adaptive.RateClocker(clock)
        tokens._last_timestamp = clock.now
        now, enabled, wanted = start, False, []
        for number in range(rng.randrange(1, 80)):
            now += 0 if number == 0 else rng.choice([0.01, 0.05, 0.1, 0.4, 1.3])
            clock.now = now
            throttled = rng.random() < 0.2
            events.append([now, throttled])
            if enabled:
                tokens._refill()
                if tokens._current_capacity >= 1:
                    tokens._current_capacity -= 1
            measured = clocker.record()
            if throttled:
                rate = cubic.error_received(measured if not enabled else min(measured, tokens.max_rate), now)
                enabled = True
            else:
                rate = cubic.success_received(now)
            tokens.max_rate = min(rate, 2.0 * measured)
            wanted.append((tokens.max_rate, measured, tokens.max_capacity))
        given = speaker.ask("rates", events=events)["rates"]
        same = all(abs(a - b) < 1e-6 * max(1, abs(b)) for ours, theirs in zip(given, wanted) for a, b in zip(ours, theirs))
        score.check("adaptive rates", wanted if same else given, wanted, events)


NAMES = ["dev", "prod", "with-dash", "a.b", "x y"]
KEYS = ["region", "Output", "role_arn", "source_profile", "credential_process", "aws_access_key_id", "sso_start_url", "max_attempts"]
VALUES = ["us-east-1", "json", "arn:aws:iam::1:role/x", "/bin/tool --arg \"a b\"", "AKIDEXAMPLE", "https://x/start#/", "value # not a comment",
          "a = b", "", "  spaced  ", "é"]


def random_file(rng, is_config):
    lines = []
    for _ in range(rng.randrange(1, 6)):
        name = rng.choice(NAMES)
        kind = rng.choice(["profile", "profile", "sso-session", "services"]) if is_config else ""
        quoted = f'"{name}"' if " " in name else name
        header = f"[{kind} {quoted}]" if is_config else f"[{name}]"
        lines.append(rng.choice([header, header, header, "[default]", header + "  "]))
        for _ in range(rng.randrange(0, 5)):
            choice = rng.random()
            if choice < 0.1:
                lines.append(rng.choice(["# comment", "; comment", "", "   ", "  # indented comment"]))
            elif choice < 0.25:
                lines.append(rng.choice(["s3", "eks", "elastic_load_balancing_v2"]) + " =")
                lines += [f"  {rng.choice(['endpoint_url', 'max_concurrent', 'Mode'])}{rng.choice([' = ', '='])}{rng.choice(['http://127.0.0.1:1', '20'])}"
                          for _ in range(rng.randrange(1, 3))]
            elif choice < 0.3:
                lines.append(rng.choice(["nonsense without sign", "=value", "[", "[]"]) if rng.random() < 0.3 else "")
            else:
                lines.append(rng.choice(KEYS) + rng.choice([" = ", "=", ": ", "  =  "]) + rng.choice(VALUES))
    return rng.choice(["\n", "\n", "\r\n"]).join(lines) + rng.choice(["\n", ""])


def flattened(profile):
    flat = {}
    for key, value in profile.items():
        if isinstance(value, dict):
            flat[key] = ""
            flat.update({f"{key}.{inner}".lower(): item for inner, item in value.items()})
        else:
            flat[key] = value
    return flat


def check_files(score, speaker, rng):
    refused = 0
    for number in range(1500):
        with tempfile.TemporaryDirectory() as directory:
            paths = [os.path.join(directory, name) for name in ("config", "credentials")]
            for path, is_config in zip(paths, (True, False)):
                with open(path, "w", newline="", encoding="utf-8") as file:
                    file.write(random_file(rng, is_config))
            given = speaker.ask("profiles", AWS_CONFIG_FILE=paths[0], AWS_SHARED_CREDENTIALS_FILE=paths[1])
            shown = "".join(open(path, encoding="utf-8").read() + "\n-----\n" for path in paths)
            try:
                config = botocore.configloader.load_config(paths[0])
                credentials = botocore.configloader.raw_config_parse(paths[1])
            except botocore.exceptions.ConfigParseError:
                refused += 1
                score.check(f"file {number} is refused", "error" in given, True, shown)
                continue
            wanted = {"profile": {name: flattened(values) for name, values in config["profiles"].items()},
                      "sso-session": {name: flattened(values) for name, values in config["sso_sessions"].items()},
                      "services": {name: flattened(values) for name, values in config["services"].items()}}
            for name, values in credentials.items():
                wanted["profile"].setdefault(name, {}).update(flattened(values))
            wanted = {kind: sections for kind, sections in wanted.items() if sections}
            score.check(f"file {number}", given.get("profiles", given), wanted, shown)
    score.check("some files are refused, not all", 0 < refused < 1500, True)


def main():
    speaker, score = Speaker(sys.argv[1]), Score()
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    services = list(dict.fromkeys(row["service"] for row in speaker.ask("rows")["rows"]))
    check_endpoints(score, speaker, services)
    check_retries(score, speaker, services, rng)
    check_rates(score, speaker, rng)
    check_files(score, speaker, rng)
    print(f"{score.passed} passed, {score.failed} failed")
    sys.exit(score.failed > 0)


if __name__ == "__main__":
    main()
