// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates made on the spot.
#include "tests/rpc/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>
#include <vector>

namespace pathloom::test {

namespace {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using File = std::unique_ptr<std::FILE, Freer<std::fclose>>;

void demand(bool good, const char* what)
{
    if (!good) throw std::runtime_error(what);
}

Key make_key()
{
    Key key(EVP_EC_gen("P-256"));
    demand(key != nullptr, "no key");
    return key;
}

Certificate make(const std::string& name, EVP_PKEY* key, int days_from, int days_to)
{
    Certificate made(X509_new());
    static int serial = 0;
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 86400L * days_from);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400L * days_to);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_pubkey(made.get(), key);
    return made;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    demand(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "no extension");
}

template <class Write>
void write(const std::filesystem::path& file, Write write)
{
    const File out(std::fopen(file.c_str(), "w"));
    demand(out && write(out.get()) == 1, "cannot write a PEM file");
}

}  // namespace

struct Authority::Impl {
    Key key = make_key();
    Certificate certificate;
};

Authority::Authority(std::filesystem::path folder, const std::string& name)
    : m_folder(std::move(folder))
    , m_impl(std::make_unique<Impl>())
{
    std::filesystem::create_directories(m_folder);
    m_impl->certificate = make(name, m_impl->key.get(), -10, 30);
    X509* own = m_impl->certificate.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
    extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(own, own, NID_subject_key_identifier, "hash");
    demand(X509_sign(own, m_impl->key.get(), EVP_sha256()) > 0, "cannot sign");
    write(file(), [&](std::FILE* out) { return PEM_write_X509(out, own); });
}

Authority::~Authority() = default;

TlsFiles Authority::issue(const std::string& name, const Subject& subject) const
{
    const Key key = make_key();
    const Certificate made = make(name, key.get(), subject.days_from, subject.days_to);
    X509* issuer = m_impl->certificate.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    extend(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
    std::string names = subject.dns.empty() ? "" : "DNS:" + subject.dns;
    if (!subject.ip.empty()) names += (names.empty() ? "IP:" : ",IP:") + subject.ip;
    if (!names.empty()) extend(made.get(), issuer, NID_subject_alt_name, names);
    demand(X509_sign(made.get(), m_impl->key.get(), EVP_sha256()) > 0, "cannot sign");
    TlsFiles files;
    files.cert = (m_folder / (name + ".pem")).string();
    files.key = (m_folder / (name + ".key")).string();
    write(files.cert, [&](std::FILE* out) { return PEM_write_X509(out, made.get()); });
    write(files.key, [&](std::FILE* out) { return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    return files;
}

}  // namespace pathloom::test
