package simulator

import (
	"strings"

	"github.com/go-telegram/bot/models"
)

// table lists every method that the simulator knows, as the Bot API spells it.
func (s *Server) table() map[string]method {
	methods := map[string]func(*params) (apply, error){
		"getUpdates":     nil, // waits; see Server.call
		"setWebhook":     s.setWebhook,
		"deleteWebhook":  s.deleteWebhook,
		"getWebhookInfo": s.getWebhookInfo,
		"getMe":          s.getMe,
		"logOut":         yes,
		"close":          yes,

		"sendMessage":     s.sendMessage,
		"sendPhoto":       s.sendMedia("photo"),
		"sendDocument":    s.sendMedia("document"),
		"sendVideo":       s.sendMedia("video"),
		"sendAnimation":   s.sendMedia("animation"),
		"sendAudio":       s.sendMedia("audio"),
		"sendVoice":       s.sendMedia("voice"),
		"sendVideoNote":   s.sendMedia("video_note"),
		"sendSticker":     s.sendMedia("sticker"),
		"sendMediaGroup":  s.sendMediaGroup,
		"sendContact":     s.sendContact,
		"sendLocation":    s.sendLocation,
		"copyMessage":     s.copyMessage,
		"copyMessages":    s.copyMessages,
		"forwardMessage":  s.forwardMessage,
		"forwardMessages": s.forwardMessages,

		"editMessageText":        s.editMessageText,
		"editMessageCaption":     s.editMessageCaption,
		"editMessageMedia":       s.editMessageMedia,
		"editMessageReplyMarkup": s.editMessageReplyMarkup,
		"deleteMessage":          s.deleteMessage,
		"deleteMessages":         s.deleteMessages,
		"pinChatMessage":         s.pinChatMessage,
		"unpinChatMessage":       s.unpinChatMessage,
		"setMessageReaction":     s.setMessageReaction,
		"sendChatAction":         s.sendChatAction,
		"answerCallbackQuery":    s.answerCallbackQuery,
		"getFile":                s.getFile,

		"createForumTopic": s.createForumTopic,
		"editForumTopic":   s.editForumTopic,
		"closeForumTopic":  s.closeForumTopic,
		"reopenForumTopic": s.reopenForumTopic,
		"deleteForumTopic": s.deleteForumTopic,

		"getForumTopicIconStickers": s.getForumTopicIconStickers,

		"getChat":               s.getChat,
		"getChatMember":         s.getChatMember,
		"getChatMemberCount":    s.getChatMemberCount,
		"getChatAdministrators": s.getChatAdministrators,
		"leaveChat":             s.leaveChat,

		"setMyCommands":       s.setMyCommands,
		"getMyCommands":       s.getMyCommands,
		"deleteMyCommands":    s.deleteMyCommands,
		"refundStarPayment":   s.refundStarPayment,
		"getStarTransactions": s.getStarTransactions,
	}
	table := make(map[string]method, len(methods))
	for name, prepare := range methods {
		table[strings.ToLower(name)] = method{name: name, prepare: prepare}
	}
	return table
}

// yes is the whole of a method that has nothing to do here.
func yes(*params) (apply, error) {
	return func() (any, error) { return true, nil }, nil
}

func (s *Server) getMe(*params) (apply, error) {
	return func() (any, error) {
		return struct {
			*models.User
			CanJoinGroups   bool `json:"can_join_groups"`
			CanReadAll      bool `json:"can_read_all_group_messages"`
			SupportsInline  bool `json:"supports_inline_queries"`
			BusinessConnect bool `json:"can_connect_to_business"`
			MainWebApp      bool `json:"has_main_web_app"`
		}{User: s.bot, CanJoinGroups: true, CanReadAll: !s.options.PrivacyMode}, nil
	}, nil
}

// commandsKey tells the lists of commands apart: by scope and language.
func commandsKey(p *params) string { return p.text("scope") + "\n" + p.text("language_code") }

func (s *Server) setMyCommands(p *params) (apply, error) {
	var commands []models.BotCommand
	if _, err := p.decode("commands", &commands); err != nil {
		return nil, err
	}
	for _, c := range commands {
		if c.Command != strings.ToLower(c.Command) || len(c.Command) > 32 || strings.ContainsAny(c.Command, " /-") ||
			c.Command == "" {
			return nil, badRequest("BOT_COMMAND_INVALID")
		}
		if n := utf16Len(c.Description); n < 1 || n > 256 {
			return nil, badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	return func() (any, error) {
		s.commands[commandsKey(p)] = raw(p.text("commands"))
		return true, nil
	}, nil
}

func (s *Server) getMyCommands(p *params) (apply, error) {
	return func() (any, error) { return orEmpty(s.commands[commandsKey(p)]), nil }, nil
}

func (s *Server) deleteMyCommands(p *params) (apply, error) {
	return func() (any, error) {
		delete(s.commands, commandsKey(p))
		return true, nil
	}, nil
}
