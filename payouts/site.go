package payouts

import "strings"

// siteAddress reads the address of a site that each merchant has his own of. It ends
// with a slash.
func siteAddress(text string) (string, error) {
	if text == "" {
		return "", &OptionError{"api_url", "the address of the site is missing"}
	}
	address, err := server(text, "https://pay.example.com")
	if err != nil {
		return "", err
	}
	return strings.TrimRight(address.String(), "/") + "/", nil
}
