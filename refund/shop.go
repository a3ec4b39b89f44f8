package refund

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"
)

type (
	// ShopID names a shop in the config: short, lower case, for ever.
	ShopID string
	// ChatID is Telegram's id of a chat; a private chat has its person's id.
	ChatID int64
	// PersonID is Telegram's id of a person. Zero is nobody.
	PersonID int64
)

// Party is who has to move next, or whose fault something is. (R1)
type Party string

// The parties of a case. Desk is tuidan itself; Nobody stands on closed cases.
const (
	Nobody   Party = ""
	Buyer    Party = "buyer"
	Merchant Party = "merchant"
	Owner    Party = "owner"
	Platform Party = "platform"
	Supplier Party = "supplier"
	Channel  Party = "channel"
	Desk     Party = "desk"
)

// Role is what a member of staff may do.
type Role string

// Agents talk to buyers, approvers decide, the owner decides and is told when
// something is stuck.
const (
	NoRole   Role = ""
	Agent    Role = "agent"
	Approver Role = "approver"
	OwnerOf  Role = "owner"
)

// Decides reports whether the role may give verdicts.
func (r Role) Decides() bool { return r == Approver || r == OwnerOf }

// Staff is one person who works for a shop, by numeric id and never by @name.
type Staff struct {
	Person PersonID
	Name   string
	Role   Role
}

// Shop is a merchant with his group and his people.
type Shop struct {
	ID       ShopID
	Title    string        // what buyers read
	Digest   time.Duration // after midnight in Zone, when the group is told how things stand; 0: never
	Locale   string        // of the group
	Currency string
	Zone     *time.Location
	Group    ChatID // as configured; a migrated group's new id is in the store
	Staff    []Staff
	Key      []byte // signs start payloads; empty: none are trusted
	// Templates are what staff send to buyers by name; {buyer}, {order}, {amount} and
	// {title} in them stand for the case's.
	Templates map[string]Texts
	// Instead names, by payment channel, another one that is proposed to people
	// where the first cannot pay a refund.
	Instead map[string]string
}

// RoleOf returns the person's role in this shop. Anonymous administrators and
// channels that speak in the group have no person and so no role.
func (s Shop) RoleOf(person PersonID) Role {
	for _, staff := range s.Staff {
		if person != 0 && staff.Person == person {
			return staff.Role
		}
	}
	return NoRole
}

// NameOf returns the configured name of a member of staff, or "".
func (s Shop) NameOf(person PersonID) string {
	for _, staff := range s.Staff {
		if person != 0 && staff.Person == person {
			return staff.Name
		}
	}
	return ""
}

// Owners returns the ids of the shop's owners.
func (s Shop) Owners() []PersonID {
	var owners []PersonID
	for _, staff := range s.Staff {
		if staff.Role == OwnerOf {
			owners = append(owners, staff.Person)
		}
	}
	return owners
}

// signatureLength is 72 bits in base64url: with five wrong tries an hour nobody
// guesses it, and it leaves 51 characters of Telegram's 64 for the order number.
const signatureLength = 12

// SignPayload makes the start payload that a shop's order page links to (R19):
// "ORDER_SIGNATURE". It returns false when the order number has characters that
// a payload may not carry or the result would exceed Telegram's 64 characters.
func (s Shop) SignPayload(orderNo string) (string, bool) {
	payload := orderNo + "_" + s.signature(orderNo)
	return payload, len(s.Key) > 0 && len(payload) <= 64 && payloadSafe(orderNo)
}

// OpenPayload splits a start payload into the order number and whether the
// shop's key signed it. An unsigned payload is an order number only.
func (s Shop) OpenPayload(payload string) (orderNo string, signed bool) {
	cut := len(payload) - signatureLength - 1
	if len(s.Key) == 0 || cut < 1 || payload[cut] != '_' {
		return payload, false
	}
	orderNo = payload[:cut]
	if !hmac.Equal([]byte(payload[cut+1:]), []byte(s.signature(orderNo))) {
		return payload, false
	}
	return orderNo, true
}

func (s Shop) signature(orderNo string) string {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("start\x00" + string(s.ID) + "\x00" + orderNo))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:signatureLength]
}

func payloadSafe(text string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	return text != "" && strings.Trim(text, allowed) == ""
}
