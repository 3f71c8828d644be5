/* Certificates and keys, read before they are used: TLS libraries say of a broken one neither where it stands nor what
 * is wrong with it. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>
#include "base/time.h"
#include "kube/kubeconfig.h"

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void free_x509(X509 **certificate)
{
	X509_free(*certificate);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* A kubeconfig has no place for a password, and nobody is asked here. */
static int no_password(char *out, int size, int writing, void *context)
{
	(void)out;
	(void)size;
	(void)writing;
	*(bool *)context = true;
	return -1;
}

static char *ended(const X509 *certificate)
{
	struct tm tm;
	char text[32];
	if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm))
		return mem_strdup("its certificate has ended");
	strftime(text, sizeof text, "%Y-%m-%d", &tm);
	return mem_printf("its certificate ended on %s", text);
}

char *kube_pem_certificates_wrong(const char *pem, int64_t now_ms)
{
	BIO *bio CLEANUP(free_bio) = BIO_new_mem_buf(pem, -1);
	time_t now_s = (time_t)(now_ms / 1000);
	char *old = NULL;
	size_t good = 0;
	for (size_t n = 0;; n++) {
		X509 *certificate CLEANUP(free_x509) = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		unsigned long code = ERR_peek_last_error();
		ERR_clear_error();
		if (!certificate && n && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
			break;
		if (!certificate) {
			free(old);
			return mem_printf("its %s%s cannot be read as a certificate", n ? "later " : "",
					  n ? "part" : "text");
		}
		bool is_old = X509_cmp_time(X509_get0_notAfter(certificate), &now_s) < 0;
		good += !is_old;
		if (is_old && !old)
			old = ended(certificate);
	}
	if (good) /* a bundle may keep old ones beside the one that counts */
		free(TAKE(old));
	return old;
}

char *kube_pem_pair_wrong(const char *certificate_pem, const char *key_pem)
{
	bool encrypted = false;
	BIO *certificates CLEANUP(free_bio) = BIO_new_mem_buf(certificate_pem, -1),
			  *keys CLEANUP(free_bio) = BIO_new_mem_buf(key_pem, -1);
	X509 *certificate CLEANUP(free_x509) = PEM_read_bio_X509(certificates, NULL, NULL, NULL);
	EVP_PKEY *key CLEANUP(free_key) = PEM_read_bio_PrivateKey(keys, NULL, no_password, &encrypted);
	bool fits = key && certificate && X509_check_private_key(certificate, key) == 1;
	ERR_clear_error();
	if (encrypted)
		return mem_strdup("is encrypted, and there is nobody to ask for its password");
	if (!key)
		return mem_strdup("cannot be read as a private key");
	return fits ? NULL : mem_strdup("does not belong to the client certificate");
}
