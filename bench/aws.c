/* The AWS client beside a bare libcurl: calls against a server of our own, and signatures.
 *
 *     bench_aws serve               prints its port; ends with stdin
 *     bench_aws calls PORT N        seconds of N calls of ours
 *     bench_aws curl PORT N         seconds of N requests by libcurl alone
 *     bench_aws sign                signatures a second */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "aws/operations.h"
#include "aws/sign.h"
#include "codec/document.h"
#include "port/curl.h"

/* As EKS describes a cluster. */
static const char cluster[] =
	"{\"cluster\":{\"name\":\"shop\",\"arn\":\"arn:aws:eks:us-east-1:111122223333:cluster/"
	"shop\",\"createdAt\":1.7e9,"
	"\"version\":\"1.33\",\"endpoint\":\"https://"
	"0123456789ABCDEF0123456789ABCDEF.gr7.us-east-1.eks.amazonaws.com\","
	"\"roleArn\":\"arn:aws:iam::111122223333:role/"
	"eks\",\"resourcesVpcConfig\":{\"subnetIds\":[\"subnet-0a1b2c3d4e5f60718\","
	"\"subnet-1a1b2c3d4e5f60718\",\"subnet-2a1b2c3d4e5f60718\"],\"securityGroupIds\":[\"sg-0a1b2c3d4e5f60718\"],"
	"\"clusterSecurityGroupId\":\"sg-1a1b2c3d4e5f60718\",\"vpcId\":\"vpc-0a1b2c3d4e5f60718\","
	"\"endpointPublicAccess\":true,"
	"\"endpointPrivateAccess\":true,\"publicAccessCidrs\":[\"0.0.0.0/"
	"0\"]},\"kubernetesNetworkConfig\":{\"serviceIpv4Cidr\":"
	"\"172.20.0.0/"
	"16\",\"ipFamily\":\"ipv4\"},\"logging\":{\"clusterLogging\":[{\"types\":[\"api\",\"audit\"],\"enabled\":true}]"
	"},"
	"\"identity\":{\"oidc\":{\"issuer\":\"https://oidc.eks.us-east-1.amazonaws.com/id/"
	"0123456789ABCDEF\"}},\"status\":\"ACTIVE\","
	"\"certificateAuthority\":{\"data\":\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURCVENDQWUyZ0F3SUJBZ0lJTGg5\"},"
	"\"platformVersion\":\"eks.9\",\"tags\":{\"team\":\"shop\"},\"health\":{\"issues\":[]},\"accessConfig\":{"
	"\"authenticationMode\":"
	"\"API_AND_CONFIG_MAP\"},\"upgradePolicy\":{\"supportType\":\"EXTENDED\"}}}";

static double seconds_of(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double now_s(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

/* One connection after another is enough: each loop keeps its own. */
static int serve(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	char answer[4096], request[65536];
	int n = snprintf(answer, sizeof answer,
			 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-amzn-RequestId: r\r\n"
			 "Date: Wed, 25 Nov 2026 00:00:00 GMT\r\nAge: 1\r\nContent-Length: %zu\r\n\r\n%s",
			 strlen(cluster), cluster);
	if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		return 1;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		struct pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {listener, POLLIN, 0}};
		poll(waits, 2, -1);
		if (waits[0].revents)
			return 0;
		int fd = accept(listener, NULL, NULL);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		while (recv(fd, request, sizeof request, 0) > 0 && send(fd, answer, (size_t)n, MSG_NOSIGNAL) == n)
			;
		close(fd);
	}
}

static double calls(const char *port, int n)
{
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%s", port);
	struct clock *clock = clock_real_new(NULL);
	struct ports ports = {.clock = clock, .http = http_real_new(clock, 0, NULL), .random = random_real_new()};
	struct aws_options options = {.ports = &ports,
				      .region = "us-east-1",
				      .endpoint_url = url,
				      .access_key = "AKIDEXAMPLE",
				      .secret_key = "secret"};
	struct aws *aws;
	error_ignore(aws_new(&options, &aws));
	double start_s = now_s();
	for (int i = 0; i < n; i++) {
		json_t *out DOCUMENT_CLEANUP = NULL;
		error_ignore(aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "shop"), &out));
		if (!document_text(out, "cluster.version"))
			exit(1);
	}
	double took_s = now_s() - start_s;
	aws_free(aws);
	http_free(ports.http);
	random_free(ports.random);
	clock_free(clock);
	return took_s;
}

static size_t count(char *bytes, size_t size, size_t n, void *context)
{
	size_t *sum = context;
	(void)bytes;
	*sum += size * n;
	return size * n;
}

static double by_curl(const char *port, int n)
{
	struct curl_library curl;
	char url[64];
	size_t sum = 0;
	snprintf(url, sizeof url, "http://127.0.0.1:%s/clusters/shop", port);
	error_ignore(curl_library_load(&curl));
	CURL *easy = curl.easy_init();
	struct curl_slist *headers = curl.slist_append(NULL, "X-Amz-Date: 20261125T000000Z");
	headers = curl.slist_append(headers,
				    "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/eks/"
				    "aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942"
				    "676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	curl.easy_setopt(easy, CURLOPT_URL, url);
	curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, count);
	curl.easy_setopt(easy, CURLOPT_WRITEDATA, &sum);
	CURLM *multi = curl.multi_init(); /* the easy interface drives one of its own likewise */
	double start_s = now_s();
	for (int i = 0; i < n; i++) {
		int running = 1;
		curl.multi_add_handle(multi, easy);
		while (curl.multi_perform(multi, &running) == CURLM_OK && running)
			curl.multi_poll(multi, NULL, 0, 1000, NULL);
		curl.multi_remove_handle(multi, easy);
	}
	double took_s = now_s() - start_s;
	curl.slist_free_all(headers);
	curl.easy_cleanup(easy);
	curl.multi_cleanup(multi);
	return sum == (size_t)n * strlen(cluster) ? took_s : -1;
}

static double signatures(void)
{
	enum { ROUND = 1000 };
	struct secret *secret = secret_new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40);
	struct aws_signing_key key = {.scope = ""};
	struct aws_signing signing = {.access_key = "AKIDEXAMPLE",
				      .secret_key = secret,
				      .region = "us-east-1",
				      .service = "eks",
				      .time_ms = INT64_C(1795564800000),
				      .double_encode = true,
				      .cache = &key};
	struct http_header headers[] = {{"Host", "eks.us-east-1.amazonaws.com"}, {"X-Amz-Date", "20261125T000000Z"}};
	double start_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID), took_s; /* of one core, whoever else is busy */
	size_t n = 0;
	do {
		for (int i = 0; i < ROUND; i++, n++) {
			struct buf out CLEANUP(buf_done) = BUF_INIT(4096);
			char path[64], hash[SHA256_HEX_SIZE];
			int length = snprintf(path, sizeof path, "/clusters/shop-%zu", n);
			sha256_hex((struct slice){0}, hash);
			aws_sign_authorization(&signing, "GET", slice_make(path, (size_t)length), (struct slice){0},
					       headers, ARRAY_SIZE(headers), hash, &out);
		}
		took_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start_s;
	} while (took_s < 1);
	secret_free(secret);
	return (double)n / took_s;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	if (argc == 2 && !strcmp(argv[1], "sign"))
		printf("%.0f\n", signatures());
	else if (argc == 4 && !strcmp(argv[1], "calls"))
		printf("%.4f\n", calls(argv[2], (int)strtol(argv[3], NULL, 10)));
	else if (argc == 4 && !strcmp(argv[1], "curl"))
		printf("%.4f\n", by_curl(argv[2], (int)strtol(argv[3], NULL, 10)));
	else
		return 2;
	return 0;
}
