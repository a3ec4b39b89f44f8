package payouts

import (
	"context"
	"fmt"

	"tuidan/refund"
)

// EpayV1Options are a merchant's with a site that runs 易支付, version 1.
type EpayV1Options struct {
	URL        string // of the site, without api.php
	MerchantID string // the merchant's number (商户ID)
	Key        string // the merchant's secret (商户密钥), which goes with each request
	Charge     string // as in EpayOptions
}

// EpayV1 pays back by api.php?act=refund of 易支付 version 1. That knows no number of
// a refund and cannot be asked, so a call without an answer stays in doubt for ever
// and is a person's to settle.
type EpayV1 struct {
	epaySite
	key string
}

// OpenEpayV1 checks the options and calls nobody. Its error is an *OptionError.
func OpenEpayV1(opts EpayV1Options) (*EpayV1, error) {
	site, err := openEpaySite(opts.URL, opts.MerchantID, opts.Charge)
	if err != nil {
		return nil, err
	}
	if opts.Key == "" {
		return nil, &OptionError{"key", "the merchant's secret (商户密钥) is missing"}
	}
	return &EpayV1{epaySite: site, key: opts.Key}, nil
}

// Terms returns what 易支付 promises: nothing but parts, and many sites pay back only
// once for a charge.
func (e *EpayV1) Terms() refund.Terms { return refund.Terms{Partial: true} }

// Refund asks the site to pay back. Sites say yes with code 1, newer ones with code
// 0 and the number of their refund; 0 alone is elsewhere a no.
func (e *EpayV1) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if text := lackingInChina(payout); text != "" {
		return incomplete(text), nil
	}
	body, err := e.post(ctx, "api.php?act=refund", map[string]string{
		"pid": e.pid, "key": e.key, e.charge: payout.ChargeID, "money": payout.Amount.Decimal(),
	})
	if err != nil {
		return refund.Receipt{}, fmt.Errorf("epay_v1: %w", err)
	}
	got, err := flat(body)
	if err != nil {
		return refund.Receipt{}, fmt.Errorf("epay_v1: %w", err)
	}
	if got["code"] == "1" || got["code"] == "0" && got["refund_no"] != "" {
		return refund.Receipt{State: refund.Accepted, Reference: or(got["refund_no"], payout.ChargeID)}, nil
	}
	return epayRefusal("epay_v1", got["code"], got["msg"])
}

// Ask fails with ErrNoQuery.
func (e *EpayV1) Ask(context.Context, refund.Payout) (refund.Receipt, error) {
	return refund.Receipt{}, ErrNoQuery
}
