package payouts

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
)

// minBits is the least length of an RSA key.
const minBits = 2048

// derOf returns a key's bytes from PEM, or from the bare base64 that some providers'
// own tools write.
func derOf(text string) ([]byte, bool) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, true
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	return der, err == nil && len(der) > 0
}

// keyPair reads our own private key and the provider's public one, which are the
// options key and public_key. Own says what it means that both are of one pair.
func keyPair(private, public, own string) (*rsa.PrivateKey, *rsa.PublicKey, error) {
	key, err := privateKey("key", private)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := publicKey("public_key", public)
	if err != nil {
		return nil, nil, err
	}
	if key.PublicKey.Equal(theirs) {
		return nil, nil, &OptionError{"public_key", own}
	}
	return key, theirs, nil
}

// privateKey reads an RSA key in PKCS #8 or PKCS #1.
func privateKey(option, text string) (*rsa.PrivateKey, error) {
	der, ok := derOf(text)
	var key *rsa.PrivateKey
	if ok {
		if any, err := x509.ParsePKCS8PrivateKey(der); err == nil {
			key, _ = any.(*rsa.PrivateKey)
		} else if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
			key = nil
		}
	}
	switch {
	case key == nil:
		return nil, &OptionError{option, "this is no RSA private key, in PEM or bare base64"}
	case key.N.BitLen() < minBits:
		return nil, &OptionError{option, "an RSA key has at least 2048 bits"}
	}
	return key, nil
}

// publicKey reads an RSA key in PKIX or PKCS #1, or a certificate's.
func publicKey(option, text string) (*rsa.PublicKey, error) {
	der, ok := derOf(text)
	var key *rsa.PublicKey
	if ok {
		if any, err := x509.ParsePKIXPublicKey(der); err == nil {
			key, _ = any.(*rsa.PublicKey)
		} else if certificate, err := x509.ParseCertificate(der); err == nil {
			key, _ = certificate.PublicKey.(*rsa.PublicKey)
		} else if key, err = x509.ParsePKCS1PublicKey(der); err != nil {
			key = nil
		}
	}
	switch {
	case key == nil:
		return nil, &OptionError{option, "this is no RSA public key or certificate, in PEM or bare base64"}
	case key.N.BitLen() < minBits:
		return nil, &OptionError{option, "an RSA key has at least 2048 bits"}
	}
	return key, nil
}

// signSHA256 signs a text by RSASSA-PKCS1-v1_5 with SHA-256, in base64.
func signSHA256(key *rsa.PrivateKey, text []byte) (string, error) {
	sum := sha256.Sum256(text)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("the request cannot be signed with this key")
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}

// errSignature says that an answer cannot be believed.
var errSignature = errors.New("the answer's signature is missing or wrong")

// verifySHA256 holds a text against its signature.
func verifySHA256(key *rsa.PublicKey, text []byte, signature string) error {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return errSignature
	}
	sum := sha256.Sum256(text)
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) != nil {
		return errSignature
	}
	return nil
}

// certificateSerial returns a certificate's serial number as providers write it, in
// hex capitals; "" when the text is none.
func certificateSerial(text string) string {
	der, ok := derOf(text)
	if !ok {
		return ""
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return ""
	}
	return strings.ToUpper(hex.EncodeToString(certificate.SerialNumber.Bytes()))
}
