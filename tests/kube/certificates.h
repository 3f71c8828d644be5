/* Certificates and keys for tests: A and B stand until 2126, OLD ended on 2021-02-03; A_KEY also encrypted by "x". */
#pragma once

static const __attribute__((unused)) char PEM_A[] = "-----BEGIN CERTIFICATE-----\n"
						    "MIIBgDCCASegAwIBAgIUajKR1I/UgNWJxD2EZyGi5ZbZB34wCgYIKoZIzj0EAwIw\n"
						    "FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjUwNDQxNTlaGA8yMTI2MTEw\n"
						    "MTA0NDE1OVowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG\n"
						    "SM49AwEHA0IABOBFExLh5GZYbxfOaypmcBzwhcCDfxjHKIhvbYXMAGtk6TNsEUFv\n"
						    "gmms8J8g2Knn8Uab6aGgiB9vrmVMMLvliMGjUzBRMB0GA1UdDgQWBBT31Qakrv0z\n"
						    "tbe7dSbN7xS2x9dnhzAfBgNVHSMEGDAWgBT31Qakrv0ztbe7dSbN7xS2x9dnhzAP\n"
						    "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIG0DlL/7jcOG/5zbLZRh\n"
						    "1dtzX4NrXA6s+ARatnUKwfLgAiBp5liEIJUTSac8eITT9z6SUjuddRpEF2omZ2K4\n"
						    "hzqTWQ==\n"
						    "-----END CERTIFICATE-----\n";

static const __attribute__((unused)) char KEY_A[] = "-----BEGIN PRIVATE KEY-----\n"
						    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNuTSMqXglVO2h6rW\n"
						    "SyCYcQL+L7HEddSsRuDB+kfW+kehRANCAATgRRMS4eRmWG8XzmsqZnAc8IXAg38Y\n"
						    "xyiIb22FzABrZOkzbBFBb4JprPCfINip5/FGm+mhoIgfb65lTDC75YjB\n"
						    "-----END PRIVATE KEY-----\n";

static const __attribute__((unused)) char PEM_B[] = "-----BEGIN CERTIFICATE-----\n"
						    "MIIBgjCCASegAwIBAgIUGqeb+JzxjnPLF4Tl55g7dpFtSNAwCgYIKoZIzj0EAwIw\n"
						    "FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjUwNDQxNTlaGA8yMTI2MTEw\n"
						    "MTA0NDE1OVowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG\n"
						    "SM49AwEHA0IABPzYrEHDkas95SRtt5pvfuTux5vrD9pSpVLdhqFQI9l+z+6yBP+z\n"
						    "Iu+Ba/DKsGAynz49jfxV8nIhodNnE5g4IKGjUzBRMB0GA1UdDgQWBBTcO0zhhveX\n"
						    "Gn2VFiS9Wv4dh8UMDDAfBgNVHSMEGDAWgBTcO0zhhveXGn2VFiS9Wv4dh8UMDDAP\n"
						    "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDUxAeoLHAJFF/vUYo5\n"
						    "BLTPDi6DDcM8pqblyTi3+k9DcgIhAO5IdlijVuGFnEANOFE80HXVGMS7R5BFn2H1\n"
						    "BUWJrtze\n"
						    "-----END CERTIFICATE-----\n";

static const __attribute__((unused)) char KEY_B[] = "-----BEGIN PRIVATE KEY-----\n"
						    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPdkF1+H+R9Ao3X0m\n"
						    "wQt17Q1xXREBN2pqY3x84SsCBvahRANCAAT82KxBw5GrPeUkbbeab37k7seb6w/a\n"
						    "UqVS3YahUCPZfs/usgT/syLvgWvwyrBgMp8+PY38VfJyIaHTZxOYOCCh\n"
						    "-----END PRIVATE KEY-----\n";

static const __attribute__((unused)) char PEM_OLD[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBBDCBqgIBATAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANvbGQwHhcNMjAwMTAx\n"
	"MDAwMDAwWhcNMjEwMjAzMDAwMDAwWjAOMQwwCgYDVQQDDANvbGQwWTATBgcqhkjO\n"
	"PQIBBggqhkjOPQMBBwNCAASqYRnSY4fIGUkasw+u3VlfC/neieJtp/Sd7pJ9S/ku\n"
	"6/HL0rq6acHIZTYmSvo7+Cq5WgX02napLg3BwEImOs/ZMAoGCCqGSM49BAMCA0kA\n"
	"MEYCIQCeqIi8P9GdkIFLL6TIxaf0wMP05Uavoxsz9s91ofG6pwIhAO8M+axItaAD\n"
	"F9aBrSFaRst76Ta4uOknnjTR5aRAy7o3\n"
	"-----END CERTIFICATE-----\n";

static const __attribute__((unused)) char KEY_ENCRYPTED[] =
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	"MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgS2KbZWHwFegICCAAw\n"
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEPGSOSSwVkMqhYisJDIL+RUEgZBu\n"
	"e6PNrFTEppqTsT7UVOFbKaS7NeOqdfQFU+R/yFcuQWe4vbrahhH/gzwRY0M5noV9\n"
	"Jo9lf53YMo87XEsY47akoo1KXB4yChAlY/O+ggh0YNwQYK8SRWxzxjiJbltgshtP\n"
	"thVIqDmn4LrbIIFRLX9nmVaA/pCYXJrDZwpkKQeZIEQc9OoiiAXYeiKuXdhW9wI=\n"
	"-----END ENCRYPTED PRIVATE KEY-----\n";
