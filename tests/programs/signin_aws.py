"""Profiles, variables and caches, beside botocore. Where we mean to differ the case says why: `lenient` is taken by us only, `strict`
is refused by us only. In texts KEYS(X) stands for the two lines of key X, SSO-… for lines of a sign-on, @HOME and @URL for themselves.

As a program: botocore's side, which signs in as each line of its input says."""
import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse

PROGRAM = """#!/bin/sh
case "$1" in
ok) echo '{"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"s","SessionToken":"t","Expiration":"2126-01-01T00:00:00Z"}';;
expired) echo '{"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"s","SessionToken":"t","Expiration":"2020-01-01T00:00:00Z"}';;
soon) echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"AKPROC\\",\\"SecretAccessKey\\":\\"s\\",\\"Expiration\\":\\"$(date -u -d '+5 minutes' +%Y-%m-%dT%H:%M:%SZ)\\"}";;
fail) echo '{"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"s"}'; echo boom >&2; exit 3;;
v2) echo '{"Version":2,"AccessKeyId":"AKPROC","SecretAccessKey":"s"}';;
nover) echo '{"AccessKeyId":"AKPROC","SecretAccessKey":"s"}';;
badexp) echo '{"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"s","Expiration":"tomorrow"}';;
nulltok) echo '{"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"s","SessionToken":null,"Expiration":null}';;
garbage) echo 'not json';;
noisy) echo warn >&2; echo '{"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"s"}';;
esac
"""
SIGNED_ON = {"startUrl": "https://d.awsapps.com/start", "region": "us-east-1", "accessToken": "at", "expiresAt": "2126-01-01T00:00:00Z"}
CASES = [
    dict(name="default creds", credentials="[default]\nKEYS(AK1)\n"),
    dict(name="env over default", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ACCESS_KEY_ID": "AKE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "tk"}),
    dict(name="security token", env={"AWS_ACCESS_KEY_ID": "AKE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SECURITY_TOKEN": "tk"}),
    dict(name="env empty key", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    dict(name="profile over env", credentials="[p]\nKEYS(AKP)\n", profile="p", env={"AWS_ACCESS_KEY_ID": "AKE", "AWS_SECRET_ACCESS_KEY": "s"}),
    dict(name="AWS_PROFILE with env keys", credentials="[p]\nKEYS(AKP)\n", env={"AWS_ACCESS_KEY_ID": "AKE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "p"}),
    dict(name="AWS_PROFILE missing w env keys", env={"AWS_ACCESS_KEY_ID": "AKE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "nope"}),
    dict(name="AWS_DEFAULT_PROFILE", credentials="[p]\nKEYS(AKP)\n", env={"AWS_DEFAULT_PROFILE": "p"}),
    dict(name="default twice", config="[default]\nregion = us-west-2\n[profile default]\nregion = eu-west-1\n", credentials="[default]\nKEYS(AK1)\n", region=None),
    dict(name="default twice 2", config="[profile default]\nregion = us-west-2\n[default]\nregion = eu-west-1\n", credentials="[default]\nKEYS(AK1)\n", region=None),
    dict(name="default only old", config="[default]\nregion = us-west-2\noutput = json\n", credentials="[default]\nKEYS(AK1)\n", region=None),
    dict(name="section dup", config="[profile p]\nregion=us-west-2\n[profile p]\nregion=eu-west-1\n", credentials="[p]\nKEYS(AKP)\n", profile="p"),
    dict(name="key dup", config="[profile p]\nregion=us-west-2\nregion=eu-west-1\n", credentials="[p]\nKEYS(AKP)\n", profile="p"),
    dict(name="colon sep", credentials="[p]\naws_access_key_id: AKC\naws_secret_access_key: s\n", profile="p"),
    dict(name="inline comment", config="[profile p]\nregion = us-west-2 # here\n", credentials="[p]\nKEYS(AKP)\n", profile="p", region=None),
    dict(name="inline semicolon", credentials="[p]\naws_access_key_id = AKC ; x\naws_secret_access_key = s\n", profile="p"),
    dict(name="comments", credentials="# a\n; b\n[p]\n# c\naws_access_key_id = AKC\n ; d\naws_secret_access_key = s\n", profile="p"),
    dict(name="upper keys", credentials="[p]\nAWS_ACCESS_KEY_ID = AKC\nAws_Secret_Access_Key = s\n", profile="p"),
    dict(name="quoted profile", config="[profile \"my dev\"]\nregion = us-west-2\nKEYS(AKQ)\n", profile="my dev", region=None),
    dict(name="unquoted spaces", config="[profile my dev]\nregion = us-west-2\nKEYS(AKQ)\n", profile="my dev", region=None, lenient="a name may have blanks"),
    dict(name="tab in header", config="[profile\tp]\nregion = us-west-2\nKEYS(AKQ)\n", profile="p", region=None),
    dict(name="spaces in header", config="[ profile p ]\nregion = us-west-2\nKEYS(AKQ)\n", profile="p", region=None, lenient="blanks around it"),
    dict(name="creds header spaces", credentials="[ p ]\nKEYS(AKP)\n", profile="p"),
    dict(name="profile prefix in creds", credentials="[profile p]\nKEYS(AKP)\n", profile="p"),
    dict(name="no prefix in config", config="[p]\nregion=us-west-2\nKEYS(AKP)\n", profile="p"),
    dict(name="crlf", config="[profile p]\r\nregion=us-west-2\r\n", credentials="[p]\r\naws_access_key_id = AKP\r\naws_secret_access_key = s\r\n", profile="p", region=None),
    dict(name="bom", credentials="﻿[p]\nKEYS(AKP)\n", profile="p"),
    dict(name="no final newline", credentials="[p]\naws_access_key_id=AKP\naws_secret_access_key=s", profile="p"),
    dict(name="garbage line", credentials="[p]\nhello there\nKEYS(AKP)\n", profile="p"),
    dict(name="before section", credentials="a=b\n[p]\nKEYS(AKP)\n", profile="p"),
    dict(name="empty value", config="[profile p]\nregion =\n", credentials="[p]\nKEYS(AKP)\n", profile="p"),
    dict(name="only access", credentials="[p]\naws_access_key_id=AKP\n", profile="p"),
    dict(name="only secret", credentials="[p]\naws_secret_access_key=AKP\n", profile="p"),
    dict(name="token in creds", credentials="[p]\nKEYS(AKP)\naws_session_token=tt\n", profile="p"),
    dict(name="security token in creds", credentials="[p]\nKEYS(AKP)\naws_security_token=tt\n", profile="p"),
    dict(name="config keys", config="[profile p]\nKEYS(AKCONF)\n", profile="p"),
    dict(name="creds win over config", config="[profile p]\nKEYS(AKCONF)\n", credentials="[p]\nKEYS(AKCRED)\n", profile="p"),
    dict(name="role in creds file", credentials="[p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=b\n[b]\nKEYS(AKB)\n", profile="p"),
    dict(name="role source missing", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=b\n", profile="p"),
    dict(name="role no source", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\n", profile="p"),
    dict(name="role self w keys", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=p\nKEYS(AKS)\n", profile="p"),
    dict(name="role self no keys", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=p\n", profile="p"),
    dict(name="role circle", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=q\n[profile q]\nrole_arn=arn:aws:iam::1:role/QQQ\nsource_profile=p\n", profile="p"),
    dict(name="role both", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=q\ncredential_source=Environment\n[profile q]\nKEYS(AKQ)\n", profile="p"),
    dict(name="role cred source env", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\ncredential_source=Environment\n", profile="p", env={"AWS_ACCESS_KEY_ID": "AKE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "tt"}),
    dict(name="role cred source env none", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\ncredential_source=Environment\n", profile="p"),
    dict(name="role cred source bogus", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\ncredential_source=Bogus\n", profile="p"),
    dict(name="role chain", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=q\nexternal_id=e i\nrole_session_name=sess\nduration_seconds=1800\n[profile q]\nrole_arn=arn:aws:iam::1:role/QQQ\nsource_profile=b\n[profile b]\nKEYS(AKB)\n", profile="p"),
    dict(name="chain with keys in middle", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=q\n[profile q]\nrole_arn=arn:aws:iam::1:role/QQQ\nsource_profile=b\nKEYS(AKMID)\n[profile b]\nKEYS(AKB)\n", profile="p"),
    dict(name="chain deep 7", config="[profile r0]\nrole_arn=arn:aws:iam::1:role/RO0\nsource_profile=r1\n[profile r1]\nrole_arn=arn:aws:iam::1:role/RO1\nsource_profile=r2\n[profile r2]\nrole_arn=arn:aws:iam::1:role/RO2\nsource_profile=r3\n[profile r3]\nrole_arn=arn:aws:iam::1:role/RO3\nsource_profile=r4\n[profile r4]\nrole_arn=arn:aws:iam::1:role/RO4\nsource_profile=r5\n[profile r5]\nrole_arn=arn:aws:iam::1:role/RO5\nsource_profile=r6\n[profile r6]\nrole_arn=arn:aws:iam::1:role/RO6\nsource_profile=r7\n[profile r7]\nKEYS(AKB)\n", profile="r0"),
    dict(name="role via process", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=q\n[profile q]\ncredential_process=@HOME/bin/proc ok\n", profile="p"),
    dict(name="role region of profile", config="[profile p]\nregion=eu-west-3\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=b\n[profile b]\nregion=us-west-1\nKEYS(AKB)\n", profile="p", region=None),
    dict(name="default role env", config="[default]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=b\n[profile b]\nKEYS(AKB)\n"),
    dict(name="web identity env", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/wit", "AWS_ROLE_ARN": "arn:aws:iam::1:role/WEB", "AWS_ROLE_SESSION_NAME": "sn"}),
    dict(name="web identity env no role", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/wit"}),
    dict(name="web identity env role no file", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ROLE_ARN": "arn:aws:iam::1:role/WEB"}),
    dict(name="web identity missing file", credentials="[default]\nKEYS(AK1)\n", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/nowit", "AWS_ROLE_ARN": "arn:aws:iam::1:role/WEB"}),
    dict(name="web identity profile", config="[profile p]\nrole_arn=arn:aws:iam::1:role/PRW\nweb_identity_token_file=@HOME/wit\nrole_session_name=ss\n", profile="p"),
    dict(name="web identity profile + AWS_PROFILE", config="[profile p]\nrole_arn=arn:aws:iam::1:role/PRW\nweb_identity_token_file=@HOME/wit\n", env={"AWS_PROFILE": "p"}),
    dict(name="web identity env beats profile keys", config="[default]\nKEYS(AKD)\n", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/wit", "AWS_ROLE_ARN": "arn:aws:iam::1:role/WEB", "AWS_ROLE_SESSION_NAME": "xy"}),
    dict(name="web env with --profile keys", credentials="[p]\nKEYS(AKP)\n", profile="p", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/wit", "AWS_ROLE_ARN": "arn:aws:iam::1:role/WEB"}),
    dict(name="role sourced by web identity", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=w\n[profile w]\nrole_arn=arn:aws:iam::1:role/PRW\nweb_identity_token_file=@HOME/wit\n", profile="p"),
    dict(name="process ok", config="[profile p]\ncredential_process = @HOME/bin/proc ok\n", profile="p"),
    dict(name="process quoted arg", config="[profile p]\ncredential_process = \"@HOME/bin/pro c\" 'ok'\n", profile="p"),
    dict(name="process expired", config="[profile p]\ncredential_process = @HOME/bin/proc expired\n", profile="p"),
    dict(name="process soon", config="[profile p]\ncredential_process = @HOME/bin/proc soon\n", profile="p"),
    dict(name="process fail", config="[profile p]\ncredential_process = @HOME/bin/proc fail\n", profile="p"),
    dict(name="process v2", config="[profile p]\ncredential_process = @HOME/bin/proc v2\n", profile="p"),
    dict(name="process garbage", config="[profile p]\ncredential_process = @HOME/bin/proc garbage\n", profile="p"),
    dict(name="process noversion", config="[profile p]\ncredential_process = @HOME/bin/proc nover\n", profile="p"),
    dict(name="process not there", config="[profile p]\ncredential_process = /nope/x\n", profile="p"),
    dict(name="process with stderr", config="[profile p]\ncredential_process = @HOME/bin/proc noisy\n", profile="p"),
    dict(name="process tilde", config="[profile p]\ncredential_process = ~/bin/proc ok\n", profile="p"),
    dict(name="process in creds file", credentials="[p]\ncredential_process = @HOME/bin/proc ok\n", profile="p"),
    dict(name="process bad expiry", config="[profile p]\ncredential_process = @HOME/bin/proc badexp\n", profile="p"),
    dict(name="process token null", config="[profile p]\ncredential_process = @HOME/bin/proc nulltok\n", profile="p"),
    dict(name="sso legacy", config="[profile p]\nSSO-START\nSSO-ROLE\n", profile="p", cached=("https://d.awsapps.com/start", {})),
    dict(name="sso legacy UTC", config="[profile p]\nSSO-START\nSSO-ROLE\n", profile="p", cached=("https://d.awsapps.com/start", {"expiresAt": "2126-01-01T00:00:00UTC"})),
    dict(name="sso legacy expired", config="[profile p]\nSSO-START\nSSO-ROLE\n", profile="p", cached=("https://d.awsapps.com/start", {"expiresAt": "2020-01-01T00:00:00Z"})),
    dict(name="sso legacy none", config="[profile p]\nSSO-START\nSSO-ROLE\n", profile="p"),
    dict(name="sso session", config="[profile p]\nsso_session=s\nSSO-ROLE\n[sso-session s]\nSSO-START\nsso_registration_scopes=sso:account:access\n", profile="p", cached=("s", {})),
    dict(name="sso session quoted", config="[profile p]\nsso_session=my s\nSSO-ROLE\n[sso-session \"my s\"]\nSSO-START\n", profile="p", cached=("my s", {})),
    dict(name="sso session missing", config="[profile p]\nsso_session=s\nSSO-ROLE\n", profile="p", cached=("s", {})),
    dict(name="sso session conflicting url", config="[profile p]\nsso_session=s\nsso_start_url=https://other\nSSO-ROLE\n[sso-session s]\nSSO-START\n", profile="p", cached=("s", {}), lenient="the session has the word"),
    dict(name="sso session refresh", config="[profile p]\nsso_session=s\nSSO-ROLE\n[sso-session s]\nSSO-START\n", profile="p", cached=("s", {"expiresAt": "2020-01-01T00:00:00Z", "clientId": "c", "clientSecret": "cs", "registrationExpiresAt": "2126-01-01T00:00:00Z", "refreshToken": "r1"})),
    dict(name="sso session expired no refresh", config="[profile p]\nsso_session=s\nSSO-ROLE\n[sso-session s]\nSSO-START\n", profile="p", cached=("s", {"expiresAt": "2020-01-01T00:00:00Z"})),
    dict(name="sso and keys", config="[profile p]\nsso_session=s\nSSO-ROLE\nKEYS(AKBOTH)\n[sso-session s]\nSSO-START\n", profile="p", cached=("s", {})),
    dict(name="sso missing role name", config="[profile p]\nsso_session=s\nsso_account_id=1\n[sso-session s]\nSSO-START\n", profile="p", cached=("s", {})),
    dict(name="role by sso", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\nsource_profile=q\n[profile q]\nsso_session=s\nSSO-ROLE\n[sso-session s]\nSSO-START\n", profile="p", cached=("s", {})),
    dict(name="container full", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/ctr", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tkn"}),
    dict(name="container file", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/ctr", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "@HOME/wit"}),
    dict(name="container file over inline", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/ctr", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "inl", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "@HOME/wit"}),
    dict(name="container bad host", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/ctr"}),
    dict(name="container cred source", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\ncredential_source=EcsContainer\n", profile="p", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/ctr"}),
    dict(name="container 500 twice", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/ctr500"}),
    dict(name="imds", env={"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imds"}),
    dict(name="imds slash", env={"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imds/"}),
    dict(name="imds profile endpoint", config="[default]\nec2_metadata_service_endpoint=@URL/imds\n", env={"AWS_EC2_METADATA_DISABLED": ""}),
    dict(name="imds cred source", config="[profile p]\nrole_arn=arn:aws:iam::1:role/ROL\ncredential_source=Ec2InstanceMetadata\n", profile="p", env={"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imds"}),
    dict(name="imds disabled", env={"AWS_EC2_METADATA_DISABLED": "TRUE", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imds"}),
    dict(name="imds no role", env={"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imdsnorole"}),
    dict(name="imds expired", env={"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imdsold"}),
    dict(name="endpoint service env", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ENDPOINT_URL": "@URL/a", "AWS_ENDPOINT_URL_STS": "@URL/b"}),
    dict(name="endpoint services section", config="[default]\nservices=x\n[services x]\nsts =\n  endpoint_url = @URL/sec\n", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ENDPOINT_URL": ""}),
    dict(name="endpoint section vs env global", config="[default]\nservices=x\n[services x]\nsts =\n  endpoint_url = @URL/sec\n", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ENDPOINT_URL": "@URL/glob"}),
    dict(name="endpoint profile", config="[default]\nendpoint_url=@URL/prof\n", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ENDPOINT_URL": ""}),
    dict(name="endpoint profile+section", config="[default]\nendpoint_url=@URL/prof\nservices = x\n[services x]\nsts=\n    endpoint_url=@URL/sec\n", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ENDPOINT_URL": ""}),
    dict(name="endpoint services missing", config="[default]\nendpoint_url=@URL/prof\nservices = y\n", credentials="[default]\nKEYS(AK1)\n", env={"AWS_ENDPOINT_URL": ""}),
    dict(name="endpoint flag over all", credentials="[default]\nKEYS(AK1)\n", words=["--endpoint-url", "@URL/flag"], env={"AWS_ENDPOINT_URL_STS": "@URL/b"}),
    dict(name="ignore configured", credentials="[default]\nKEYS(AK1)\n", words=["--endpoint-url", "@URL/flag"], env={"AWS_ENDPOINT_URL": "@URL/a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
    dict(name="max attempts bad", credentials="[default]\nKEYS(AK1)\n", env={"AWS_MAX_ATTEMPTS": "x"}),
    dict(name="max attempts 0", credentials="[default]\nKEYS(AK1)\n", env={"AWS_MAX_ATTEMPTS": "0"}),
    dict(name="retry mode bad", credentials="[default]\nKEYS(AK1)\n", env={"AWS_RETRY_MODE": "bogus"}),
    dict(name="retry mode upper", credentials="[default]\nKEYS(AK1)\n", env={"AWS_RETRY_MODE": "Standard"}, lenient="in any case"),
    dict(name="region bad", credentials="[default]\nKEYS(AK1)\n", env={"AWS_REGION": "us east"}, strict="it becomes a part of a host name"),
    dict(name="region flag", credentials="[default]\nKEYS(AK1)\n", words=["--region", "eu-central-1"]),
    dict(name="AWS_DEFAULT_REGION only", credentials="[default]\nKEYS(AK1)\n", env={"AWS_DEFAULT_REGION": "ap-south-1"}, region=None),
    dict(name="config file env", env={"AWS_CONFIG_FILE": "@HOME/cfg", "AWS_SHARED_CREDENTIALS_FILE": "~/crd"}, files={"cfg": "[default]\nregion=eu-west-2\n", "crd": "[default]\nKEYS(AK1)\n"}, region=None),
    dict(name="creds file dir", env={"AWS_SHARED_CREDENTIALS_FILE": "@HOME"}),
    dict(name="login", config="[profile p]\nlogin_session=arn:aws:iam::1:user/x\n", profile="p"),
    dict(name="utf8 name", credentials="[prü]\nKEYS(AKU)\n", profile="prü"),
    dict(name="value with equals", credentials="[p]\naws_access_key_id = AKP\naws_secret_access_key = a=b/c+d==\n", profile="p"),
    dict(name="multi-line value", config="[profile p]\ncredential_process = @HOME/bin/proc\n  ok\n", profile="p"),
    dict(name="nested s3", config="[profile p]\ns3 =\n  max_concurrent_requests = 20\nregion = us-west-2\n", credentials="[p]\nKEYS(AKP)\n", profile="p", region=None),
    dict(name="account endpoint mode", config="[profile p]\naccount_id_endpoint_mode = preferred\nregion = us-west-2\n", credentials="[p]\nKEYS(AKP)\n", profile="p", region=None),
]


def expand(thing, url, home):
    if isinstance(thing, dict):
        return {key: expand(value, url, home) for key, value in thing.items()}
    if isinstance(thing, list):
        return [expand(value, url, home) for value in thing]
    text = re.sub(r"KEYS\((\w+)\)", r"aws_access_key_id = \1\naws_secret_access_key = s", thing)
    text = text.replace("SSO-ROLE", "sso_account_id = 111122223333\nsso_role_name = adm")
    text = text.replace("SSO-START", "sso_start_url = https://d.awsapps.com/start\nsso_region = us-east-1")
    return text.replace("@URL", url).replace("@HOME", home)


def answer(request):
    """STS, a sign-on, a container's endpoint and an instance's metadata in one."""
    path, body = request.path, urllib.parse.parse_qs(request.body)
    action = body.get("Action", [""])[0]
    keys = {"Token": "t", "SecretAccessKey": "s", "Expiration": "2020-01-01T00:00:00Z" if "imdsold" in path else "2126-01-01T00:00:00Z"}
    if action == "GetCallerIdentity":
        return 200, f"<{action}Response><{action}Result><Account>111122223333</Account></{action}Result></{action}Response>"
    if action:
        return 200, (f"<{action}Response><{action}Result><Credentials><AccessKeyId>ASIA{body['RoleArn'][0][-3:]}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                     f"<SessionToken>tok</SessionToken><Expiration>2126-01-01T00:00:00Z</Expiration></Credentials></{action}Result></{action}Response>")
    if path.startswith("/federation/credentials"):
        return 200, {"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "x", "sessionToken": "t", "expiration": 4102444800000}}
    if path == "/token":
        return 200, {"accessToken": "newtoken", "expiresIn": 3600, "refreshToken": "r2", "tokenType": "Bearer"}
    if path == "/ctr":
        return 200, {**keys, "AccessKeyId": "AKCTR"}
    if path.endswith("latest/api/token"):
        return 200, "imdstoken"
    if path.endswith("security-credentials/"):
        return (404, "no") if "norole" in path else (200, "myrole")
    if path.endswith("security-credentials/myrole"):
        return 200, {**keys, "Code": "Success", "AccessKeyId": "AKIMDS"}
    return 500, "oh"


def told(seen):
    """What a server saw of each request that matters: who signed for what, and what was said."""
    all_ = []
    for request in seen:
        body = urllib.parse.parse_qs(request.body) if "Action=" in request.body else json.loads(request.body) if request.body else None
        if body and body.get("RoleSessionName", ["?"])[0] not in ("sn", "ss", "sess", "xy"):  # or it is made up
            body.pop("RoleSessionName", None)
        signed = re.search(r"Credential=([^/]*)/\d+/([^/]*)/([^/]*)/", request.headers.get("authorization", ""))
        all_.append((request.command, request.path.rstrip("/"), signed.groups() if signed else request.headers.get("authorization"),
                     request.headers.get("x-amz-security-token"), request.headers.get("x-amz-sso_bearer_token"), body))
    return all_


def files_of(case):
    files = {"bin/proc": PROGRAM, "bin/pro c": PROGRAM, "wit": "webtoken", **case.get("files", {})}
    for name, key in ((".aws/config", "config"), (".aws/credentials", "credentials")):
        if key in case:
            files[name] = case[key]
    if "cached" in case:
        name, more = case["cached"]
        files[f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json"] = json.dumps({**SIGNED_ON, **more})
    return files


def run(only):
    import signin_world as world

    server = world.Server(answer)
    peer = subprocess.Popen([sys.executable, os.path.abspath(__file__)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            env={"PATH": os.environ["PATH"], "HOME": world.HOME})  # botocore looks at it once

    def theirs(env, profile, endpoint):
        peer.stdin.write(json.dumps([env, profile, endpoint]) + "\n")
        peer.stdin.flush()
        return json.loads(peer.stdout.readline())

    for case in CASES:
        if only and case["name"] not in only:
            continue
        case = {key: expand(value, server.url, world.HOME) if key in ("config", "credentials", "env", "files", "words") else value for key, value in case.items()}
        env = {"AWS_ENDPOINT_URL": server.url, "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        if case.get("region", "") is None:
            env = {key: value for key, value in env.items() if "REGION" not in key}
        env.update(case.get("env", {}))
        if not env["AWS_ENDPOINT_URL"]:
            del env["AWS_ENDPOINT_URL"]
        words, profile = case.get("words", []), case.get("profile")
        flags = dict(zip(words[::2], words[1::2]))
        world.home(files_of(case))
        server.seen.clear()
        code, _, said = world.agent(["call", "sts", "GetCallerIdentity", *words, *(["--profile", profile] if profile else [])], env)
        ours = told(server.seen)
        world.home(files_of(case))
        server.seen.clear()
        refusal = theirs({"PATH": os.environ["PATH"], "HOME": world.HOME, **env, **({"AWS_DEFAULT_REGION": flags["--region"]} if "--region" in flags else {})},
                         profile, flags.get("--endpoint-url"))
        seen = told(server.seen)
        wanted = 0 if "lenient" in case else 1 if "strict" in case or refusal else 0
        alike = "lenient" in case or "strict" in case or code or ours == seen
        remedy = not code or "\ndo:" in said
        world.check(f"aws: {case['name']}", code == wanted and alike and remedy and not ("lenient" in case and not refusal) and not ("strict" in case and refusal),
                    f"  ours {code} {ours}\n       {said}  botocore {refusal!r} {seen}")
    peer.stdin.close()
    peer.wait(20)


def peer():
    import botocore.session

    for line in sys.stdin:
        env, profile, endpoint = json.loads(line)
        os.environ.clear()
        os.environ.update(env)
        refusal = None
        try:
            botocore.session.Session(profile=profile).create_client("sts", endpoint_url=endpoint).get_caller_identity()
        except Exception as error:
            refusal = f"{type(error).__name__}: {error}"[:300]
        print(json.dumps(refusal), flush=True)


if __name__ == "__main__":
    peer()
