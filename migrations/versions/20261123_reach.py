"""reach: contacts, campaigns, the asking ledger, popups, senders"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'

STATES = (
    "state in ('pending', 'deferred', 'sent', 'delivered', 'answered', 'declined', 'expired', 'bounced',"
    " 'unsubscribed', 'cancelled')"
)
ZONES = {'sv': 'Europe/Stockholm', 'da': 'Europe/Copenhagen', 'nb': 'Europe/Oslo', 'fi': 'Europe/Helsinki'}


def upgrade() -> None:
    op.create_table('api_token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=22), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=320), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_api_token_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_api_token_created_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('public_id', name=op.f('uq_api_token_public_id')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_api_token_secret_hash'))
    )
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_token_company_id'), ['company_id'], unique=False)

    op.create_table('contact_import',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=22), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('file_name', sa.String(length=320), nullable=False),
    sa.Column('storage_key', sa.Text(), nullable=False),
    sa.Column('byte_count', sa.Integer(), nullable=False),
    sa.Column('encoding', sa.String(length=40), nullable=False),
    sa.Column('delimiter', sa.String(length=1), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('row_count', sa.Integer(), nullable=True),
    sa.Column('done_count', sa.Integer(), nullable=False),
    sa.Column('added_count', sa.Integer(), nullable=False),
    sa.Column('changed_count', sa.Integer(), nullable=False),
    sa.Column('same_count', sa.Integer(), nullable=False),
    sa.Column('refused_count', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(length=40), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('uploaded', 'waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f('ck_contact_import_state')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_contact_import_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_contact_import_created_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_import')),
    sa.UniqueConstraint('public_id', name=op.f('uq_contact_import_public_id'))
    )
    with op.batch_alter_table('contact_import', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_import_company_id'), ['company_id'], unique=False)

    op.create_table('contact_segment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=22), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=320), nullable=False),
    sa.Column('rules', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_contact_segment_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_segment')),
    sa.UniqueConstraint('company_id', 'name', name=op.f('uq_contact_segment_company_id_name')),
    sa.UniqueConstraint('public_id', name=op.f('uq_contact_segment_public_id'))
    )
    op.create_table('mail_sender',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('from_name', sa.String(length=320), nullable=False),
    sa.Column('from_address', sa.String(length=320), nullable=False),
    sa.Column('reply_to', sa.String(length=320), nullable=False),
    sa.Column('postal_address', sa.Text(), nullable=False),
    sa.Column('dkim_selector', sa.String(length=40), nullable=False),
    sa.Column('dkim_private_key', sa.Text(), nullable=False),
    sa.Column('dkim_public_key', sa.Text(), nullable=False),
    sa.Column('is_dkim_on', sa.Boolean(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_mail_sender_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_sender')),
    sa.UniqueConstraint('company_id', name=op.f('uq_mail_sender_company_id'))
    )
    op.create_table('suppression',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_suppression_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppression')),
    sa.UniqueConstraint('company_id', 'address_hash', 'reason', name=op.f('uq_suppression_company_id_address_hash_reason'))
    )
    op.create_table('campaign',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=22), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('segment_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=320), nullable=False),
    sa.Column('template', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=40), nullable=False),
    sa.Column('every_months', sa.Integer(), nullable=False),
    sa.Column('spread', sa.String(length=40), nullable=False),
    sa.Column('milestones', sa.JSON(), nullable=False),
    sa.Column('event_name', sa.String(length=320), nullable=False),
    sa.Column('delay_days', sa.Integer(), nullable=False),
    sa.Column('sample_percent', sa.Integer(), nullable=False),
    sa.Column('daily_cap', sa.Integer(), nullable=True),
    sa.Column('send_from_minute', sa.Integer(), nullable=False),
    sa.Column('send_until_minute', sa.Integer(), nullable=False),
    sa.Column('weekdays', sa.JSON(), nullable=False),
    sa.Column('most_reminders', sa.Integer(), nullable=False),
    sa.Column('reminder_after_days', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('round_on', sa.Date(), nullable=True),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('planning_count', sa.Integer(), nullable=False),
    sa.Column('planning_total', sa.Integer(), nullable=False),
    sa.CheckConstraint("channel in ('mail', 'sms')", name=op.f('ck_campaign_channel')),
    sa.CheckConstraint("spread in ('drip', 'at_once')", name=op.f('ck_campaign_spread')),
    sa.CheckConstraint("state in ('draft', 'running', 'paused', 'stopped', 'finished')", name=op.f('ck_campaign_state')),
    sa.CheckConstraint("template in ('relationship', 'lifecycle', 'event', 'project', 'one_off')", name=op.f('ck_campaign_template')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_campaign_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['segment_id'], ['contact_segment.id'], name=op.f('fk_campaign_segment_id')),
    sa.ForeignKeyConstraint(['survey_id'], ['survey.id'], name=op.f('fk_campaign_survey_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign')),
    sa.UniqueConstraint('public_id', name=op.f('uq_campaign_public_id'))
    )
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_segment_id'), ['segment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_survey_id'), ['survey_id'], unique=False)

    op.create_table('customer_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=22), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=320), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=True),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("source in ('hand', 'api')", name=op.f('ck_customer_event_source')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_customer_event_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_customer_event_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_customer_event_created_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_event')),
    sa.UniqueConstraint('company_id', 'key', name=op.f('uq_customer_event_company_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_customer_event_public_id'))
    )
    with op.batch_alter_table('customer_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_customer_event_contact_id_customer_event_happened_at'), ['contact_id', 'happened_at'], unique=False)

    op.create_table('import_problem',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('field', sa.String(length=320), nullable=False),
    sa.Column('value', sa.String(length=320), nullable=False),
    sa.Column('is_refused', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['contact_import.id'], name=op.f('fk_import_problem_import_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_problem'))
    )
    with op.batch_alter_table('import_problem', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_problem_import_id_import_problem_line'), ['import_id', 'line'], unique=False)

    op.create_table('ledger_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('ask_key', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=40), nullable=False),
    sa.Column('verdict', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('forced_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("verdict in ('asked', 'deferred', 'never')", name=op.f('ck_ledger_entry_verdict')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_ledger_entry_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_ledger_entry_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['forced_by_id'], ['user_account.id'], name=op.f('fk_ledger_entry_forced_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_entry'))
    )
    with op.batch_alter_table('ledger_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_entry_company_id_ledger_entry_decided_at'), ['company_id', 'decided_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_entry_contact_id_ledger_entry_decided_at'), ['contact_id', 'decided_at'], unique=False)

    op.create_table('popup',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=22), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=320), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('mode', sa.String(length=40), nullable=False),
    sa.Column('position', sa.String(length=40), nullable=False),
    sa.Column('trigger', sa.String(length=40), nullable=False),
    sa.Column('trigger_value', sa.Integer(), nullable=False),
    sa.Column('event_name', sa.String(length=320), nullable=False),
    sa.Column('pages', sa.JSON(), nullable=False),
    sa.Column('pages_not', sa.JSON(), nullable=False),
    sa.Column('sample_percent', sa.Integer(), nullable=False),
    sa.Column('is_identified_only', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("mode in ('popup', 'tab', 'inline')", name=op.f('ck_popup_mode')),
    sa.CheckConstraint("position in ('left', 'right')", name=op.f('ck_popup_position')),
    sa.CheckConstraint("state in ('off', 'on')", name=op.f('ck_popup_state')),
    sa.CheckConstraint("trigger in ('seconds', 'scroll', 'exit', 'event')", name=op.f('ck_popup_trigger')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_popup_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['survey_id'], ['survey.id'], name=op.f('fk_popup_survey_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_popup')),
    sa.UniqueConstraint('public_id', name=op.f('uq_popup_public_id'))
    )
    with op.batch_alter_table('popup', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_popup_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_popup_survey_id'), ['survey_id'], unique=False)

    op.create_table('campaign_wording',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=40), nullable=False),
    sa.Column('from_name', sa.String(length=320), nullable=False),
    sa.Column('subject', sa.String(length=320), nullable=False),
    sa.Column('intro', sa.Text(), nullable=False),
    sa.Column('signature', sa.Text(), nullable=False),
    sa.Column('reminder_subject', sa.String(length=320), nullable=False),
    sa.Column('reminder_intro', sa.Text(), nullable=False),
    sa.Column('sms_text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_campaign_wording_campaign_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_wording')),
    sa.UniqueConstraint('campaign_id', 'language', name=op.f('uq_campaign_wording_campaign_id_language'))
    )
    op.create_table('popup_count',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('popup_id', sa.Integer(), nullable=False),
    sa.Column('day_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['popup_id'], ['popup.id'], name=op.f('fk_popup_count_popup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_popup_count')),
    sa.UniqueConstraint('popup_id', 'day_on', 'reason', name=op.f('uq_popup_count_popup_id_day_on_reason'))
    )
    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.add_column(sa.Column('time_zone', sa.String(length=40), server_default='UTC', nullable=False))
        batch_op.add_column(sa.Column('rest_days', sa.Integer(), server_default='30', nullable=False))
        batch_op.add_column(sa.Column('nps_rest_days', sa.Integer(), server_default='90', nullable=False))
        batch_op.add_column(sa.Column('identify_secret', sa.Text(), server_default='', nullable=False))

    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.add_column(sa.Column('phone', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('time_zone', sa.String(length=40), server_default='', nullable=False))
        batch_op.add_column(sa.Column('customer_since', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('owner_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('attributes', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('last_asked_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('last_nps_asked_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('unsubscribed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('unsubscribed_by', sa.String(length=40), server_default='', nullable=False))
        batch_op.add_column(sa.Column('email_bounced_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('email_bounce_reason', sa.String(length=320), server_default='', nullable=False))
        batch_op.add_column(sa.Column('complained_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('phone_stopped_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('bounce_told_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_contact_company_id_contact_customer_since'), ['company_id', 'customer_since'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_company_id_contact_phone'), ['company_id', 'phone'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_owner_id'), ['owner_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_contact_owner_id'), 'user_account', ['owner_id'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('campaign_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('popup_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('made_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('occasion', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('channel', sa.String(length=40), server_default='link', nullable=False))
        batch_op.add_column(sa.Column('reason', sa.String(length=40), server_default='', nullable=False))
        batch_op.add_column(sa.Column('wanted_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('due_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('reminder_count', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('declined_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('bounced_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('attempt_count', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('error', sa.String(length=320), server_default='', nullable=False))
        batch_op.add_column(sa.Column('claim', sa.String(length=22), nullable=True))
        batch_op.add_column(sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('short_code', sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column('provider_key', sa.String(length=80), nullable=True))
        batch_op.create_index(batch_op.f('ix_invitation_campaign_id_invitation_state_invitation_channel'), ['campaign_id', 'state', 'channel'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_company_id_invitation_due_at'), ['company_id', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_popup_id'), ['popup_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_provider_key'), ['provider_key'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_invitation_campaign_id_contact_id_occasion'), ['campaign_id', 'contact_id', 'occasion'])
        batch_op.create_unique_constraint(batch_op.f('uq_invitation_short_code'), ['short_code'])
        batch_op.create_foreign_key(batch_op.f('fk_invitation_made_by_id'), 'user_account', ['made_by_id'], ['id'], ondelete='SET NULL')
        batch_op.create_foreign_key(batch_op.f('fk_invitation_popup_id'), 'popup', ['popup_id'], ['id'], ondelete='SET NULL')
        batch_op.create_foreign_key(batch_op.f('fk_invitation_campaign_id'), 'campaign', ['campaign_id'], ['id'], ondelete='SET NULL')

    _widen_states()
    _count_asks()
    _fill_ledger()
    _fill_time_zones()


def _widen_states() -> None:
    """A letter that waits, arrives or is declined. SQLite cannot change a check: the table is made anew, with rows."""
    with op.batch_alter_table('invitation') as batch:
        batch.drop_constraint(op.f('ck_invitation_state'), type_='check')
        batch.create_check_constraint(op.f('ck_invitation_state'), STATES)
        batch.create_check_constraint(op.f('ck_invitation_channel'), "channel in ('link', 'mail', 'sms', 'popup')")


def _count_asks() -> None:
    """The funnel begins with who was asked; a planned letter is no ask yet."""
    op.drop_index('ix_invitation_funnel', table_name='invitation')
    op.create_index('ix_invitation_funnel', 'invitation', ['company_id', 'survey_id', 'asked_at', 'answered_at'])


def _fill_ledger() -> None:
    """Who holds a personal link has been asked: the ledger begins with what was asked before it existed."""
    op.execute("update invitation set asked_at = created_at where revoked_at is null or state = 'answered'")
    asked = 'select max(asked_at) from invitation where invitation.contact_id = contact.id'
    op.execute(f'update contact set last_asked_at = ({asked}), last_nps_asked_at = ({asked})')


def _fill_time_zones() -> None:
    """Where most companies of that language are; the team can change it."""
    for language, zone in ZONES.items():
        op.execute(f"update company set time_zone = '{zone}' where default_language = '{language}'")
